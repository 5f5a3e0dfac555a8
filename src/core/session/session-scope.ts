/** What a session made beforehand allows: it narrows policy and never widens it. */
import { impossible } from "../../lib/impossible.ts";
import type { Action } from "../action.ts";
import type { AgentSession, SessionScope } from "../identity/agent-session.ts";
import { AUTHORIZE_SPEND, OWN_SERVER } from "../own-server.ts";

const READS: readonly SessionScope[] = ["read", "browse"];
const READING_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * The scopes of which an action needs one; empty: every session may. A model's answer changes
 * nothing in the world, so that asking needs none; `admin` stands for all.
 */
function scopesFor(action: Action): readonly SessionScope[] {
  switch (action.kind) {
    case "llm":
      return [];
    case "tool":
      if (action.upstream !== OWN_SERVER) return ["execute", "write", "tools"];
      return action.tool === AUTHORIZE_SPEND ? ["spend"] : [];
    case "mcp":
      return [];
    case "http":
      if (READING_METHODS.has(action.method)) return READS;
      return action.method === "DELETE" ? ["delete"] : ["write", "execute"];
    default:
      return impossible(action);
  }
}

/** The scopes that are missing; undefined where the session has one of them. */
export function missingScopes(
  { scopes }: AgentSession,
  action: Action,
): readonly SessionScope[] | undefined {
  const needed = scopesFor(action);
  if (needed.length === 0 || scopes.includes("admin")) return undefined;
  return needed.some((scope) => scopes.includes(scope)) ? undefined : needed;
}
