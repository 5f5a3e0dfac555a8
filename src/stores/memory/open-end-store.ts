import type { Principal } from "../../core/principal.ts";
import { openEnds, type OpenEnds, type OpenEndStore } from "../../core/inspect/secret-splicer.ts";
import { Recent, sessionKey } from "./recent.ts";

/** Sessions remembered: the one that was quiet longest goes first. */
const SESSIONS_MAX = 2048;

/** They may be halves of secrets, so they stay in memory and are never written. */
export function createOpenEndStore(): OpenEndStore<Principal> {
  const ends = new Recent<OpenEnds>(SESSIONS_MAX, openEnds);
  return { of: (principal) => ends.of(sessionKey(principal)) };
}
