/** Haldir's words for what a session may do, in terms of ours. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { SessionScope } from "../../core/identity/agent-session.ts";
import { parseDecimal } from "../../core/money/decimal.ts";

export const SCOPES = [
  "read",
  "browse",
  "write",
  "execute",
  "send",
  "delete",
  "spend",
  "admin",
] as const satisfies readonly SessionScope[];
type Scope = (typeof SCOPES)[number];

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
    const [word = "", rest] = text.split(":", 2);
    const scope = scopeNamed(word);
    if (scope === undefined) return unknown(text);
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

/** As they are shown: `tools` is no word of this API. */
export function shownScopes(scopes: readonly SessionScope[]): readonly SessionScope[] {
  return scopes.filter((scope) => scope !== "tools");
}

/** `x:y` is covered by `x`, and everything by `admin`. */
export function holdsScope(held: readonly SessionScope[], asked: string): boolean {
  if (held.includes("admin")) return true;
  const scope = scopeNamed(asked.split(":", 1)[0] ?? "");
  return scope !== undefined && held.includes(scope);
}

export function scopeNamed(word: string): Scope | undefined {
  return SCOPES.find((scope) => scope === word);
}

function unknown(text: string): Answer<never> {
  const detail = `scopes: ${JSON.stringify(text)} is not one of ${SCOPES.join(", ")}, spend:<USD>`;
  return fault("invalid", detail, { pointer: "/scopes" });
}
