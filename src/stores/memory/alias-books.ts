import { openAliasBook, type AliasBook, type AliasBooks } from "../../core/inspect/aliases.ts";
import type { Principal } from "../../core/principal.ts";
import { Recent, sessionKey } from "./recent.ts";

/** Sessions remembered: the one that was quiet longest goes first, and begins to count anew. */
const SESSIONS_MAX = 2048;

/**
 * The names that one process gave out. They are personal data beside their numbers, so they stay in
 * memory and are never written.
 */
export function createAliasBooks(): AliasBooks {
  const books = new Recent<AliasBook>(SESSIONS_MAX, openAliasBook);
  return { of: (principal: Principal) => books.of(sessionKey(principal)) };
}
