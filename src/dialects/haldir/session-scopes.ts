/** Haldir's words for what a session may do, in terms of ours. */
import { done, fault, type Answer } from "../../core/fault.ts";
import {
  holdsScope,
  scopeWord,
  sessionScope,
  type SessionScope,
} from "../../core/identity/agent-session.ts";
import { parseDecimal } from "../../core/money/decimal.ts";

/** Those that actions need. */
const SCOPES = [
  "read",
  "browse",
  "write",
  "execute",
  "send",
  "delete",
  "spend",
  "admin",
] as const satisfies readonly SessionScope[];

export interface Scopes {
  readonly scopes: readonly SessionScope[];
  /** Of `spend:50`, in dollars. */
  readonly spendLimit: number | undefined;
}

const NANO_DIGITS = 9;

/** `spend:50` is the scope `spend` and a limit; what stands behind other scopes is left out. */
export function readScopes(wished: readonly string[]): Answer<Scopes> {
  const scopes = new Set<SessionScope>();
  let spendLimit: number | undefined;
  for (const text of wished) {
    const scope = scopeNamed(text);
    if (scope === undefined) return unknown(text);
    const [, rest] = text.split(":", 2);
    if (scope === "spend" && rest !== undefined) {
      if (parseDecimal(rest, NANO_DIGITS) === undefined) return unknown(text);
      spendLimit = Number(rest);
    }
    scopes.add(scope);
    // Here reading is enough for a tool: which ones, policy says.
    if (scope === "read") scopes.add("tools");
  }
  return done({ scopes: [...scopes], spendLimit });
}

/** As they were asked for: `tools` is no word of this API. */
export function shownScopes(scopes: readonly SessionScope[]): readonly string[] {
  return scopes.filter((scope) => scope !== "tools").map(scopeWord);
}

/** `x:y` is covered by `x`, and everything by `admin`. */
export function isHeld(held: readonly SessionScope[], asked: string): boolean {
  return holdsScope(held, scopeNamed(asked) ?? "admin");
}

/** Of the words that actions need the first part counts; any other is its owner's, as it stands. */
export function scopeNamed(text: string): SessionScope | undefined {
  const [word] = text.split(":", 1);
  return SCOPES.find((scope) => scope === word) ?? sessionScope(`own:${text}`);
}

function unknown(text: string): Answer<never> {
  const detail = `scopes: ${JSON.stringify(text)} is no scope: write a word, or spend:<USD>`;
  return fault("invalid", detail, { pointer: "/scopes" });
}
