/**
 * Looks with an end, by V8's own watchdog: a look that takes too long throws where it was called,
 * so only the exchange at hand is refused. It starts a thread for each look (0.1–0.4 ms), so it is
 * for processes that have been stuck before.
 */
import { createContext, Script } from "node:vm";
import type { LookGuard } from "../../core/inspect/guarded-look.ts";

/** The longest look at a whole body takes a tenth of it. */
const LOOK_MS = 1000;

/** Throws ERR_SCRIPT_EXECUTION_TIMEOUT. */
export function carefulLooks(): LookGuard {
  const room: { look: () => void } = { look: () => undefined };
  const context = createContext(room);
  const call = new Script("look()");
  return (look, subject) => {
    room.look = () => look(subject);
    call.runInContext(context, { timeout: LOOK_MS });
  };
}
