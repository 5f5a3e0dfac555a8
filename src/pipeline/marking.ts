/**
 * Marks while an exchange runs. What was read must be on the session before the agent has read it: an
 * answer may go on for hours, and the agent's next call may come to another replica at once.
 */
import type { Inspections } from "../core/decision.ts";
import type { Finding } from "../core/inspect/finding.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { Principal } from "../core/principal.ts";
import type { SessionStore } from "../core/session/session.ts";
import { errorOf } from "../lib/caught.ts";

export interface Marking {
  /** A promise: only what waits for it comes after the marks at every replica. */
  put(marks: readonly string[]): Promise<void> | undefined;
}

/**
 * `known`: what the session has; `onFault` hears what keeps marks from being written. Undefined where
 * nothing is decided by marks: `close` is soon enough.
 */
export function markingOf(
  principal: Principal,
  snapshot: Pick<PolicySnapshot, "readsMarks">,
  known: readonly string[],
  sessions: Pick<SessionStore, "mark">,
  onFault: (fault: Error) => void,
): Marking | undefined {
  if (!snapshot.readsMarks(principal)) return undefined;
  const has = new Set(known);
  return {
    put(marks) {
      const fresh = marks.filter((mark) => !has.has(mark));
      if (fresh.length === 0) return undefined;
      for (const mark of fresh) has.add(mark);
      try {
        return sessions.mark(principal, fresh) ?? undefined;
      } catch (error) {
        // In force all the same, and written as soon as that can be done.
        onFault(errorOf(error));
        return undefined;
      }
    },
  };
}

export function marksFound(findings: readonly Finding[]): readonly string[] {
  return findings.flatMap((finding) => finding.marks ?? []);
}

/** Whether something found on the way back may mark the session. */
export function marksAnswers({ response, toolResult }: Inspections): boolean {
  return [...response.rules, ...toolResult.rules].some(({ marks = [] }) => marks.length > 0);
}
