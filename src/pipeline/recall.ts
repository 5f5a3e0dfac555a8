/** What the session has read before: asked for where some rule of the agent decides by it. */
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { Principal } from "../core/principal.ts";
import type { SessionStore } from "../core/session/session.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { errorOf } from "../lib/caught.ts";

export type Recalled = Verdict<readonly string[]>;

const NOTHING: Recalled = pass(Object.freeze([]));

export function recall(
  principal: Principal,
  snapshot: Pick<PolicySnapshot, "readsMarks">,
  sessions: Pick<SessionStore, "marks">,
): Recalled | Promise<Recalled> {
  if (!snapshot.readsMarks(principal)) return NOTHING;
  const marks = sessions.marks(principal);
  return marks instanceof Promise ? marks.then(pass, unknown) : pass(marks);
}

/** A session of which nothing is known is not a clean one. */
function unknown(error: unknown): Recalled {
  return halt({
    code: "limit_unavailable",
    detail: "What this session has read before decides here, and cannot be looked up now.",
    remedy: "Try again later; an operator finds the cause in the gateway's log.",
    cause: errorOf(error),
  });
}
