import type { Instant, ReviewId } from "../units.ts";

/** Of one day (UTC) and one approver, who may share it with others. */
export interface ApprovalLoad {
  readonly day: string;
  readonly approver: string;
  /** As recorded, and as it would have been. */
  readonly before: number;
  readonly after: number;
}

export interface AskedApproval {
  readonly at: Instant;
  readonly review: ReviewId | undefined;
  /** Undefined: nobody is asked. */
  readonly before: readonly string[] | undefined;
  readonly after: readonly string[] | undefined;
}

export interface ApprovalLoads {
  count(asked: AskedApproval): void;
  list(): readonly ApprovalLoad[];
}

/** Whoever may approve where no rule names anybody. */
const ANYBODY = "anybody";
/** Days times approvers. */
const LOADS_MAX = 1_000;
/** Reviews remembered, so that a call asked again is one approval. */
const REVIEWS_MAX = 10_000;

type Counting = { -readonly [K in keyof ApprovalLoad]: ApprovalLoad[K] };

export function countApprovals(): ApprovalLoads {
  const loads = new Map<string, Counting>();
  const reviews = new Set<string>();

  function add(at: Instant, approvers: readonly string[], side: "before" | "after"): void {
    const day = new Date(at).toISOString().slice(0, "2026-11-21".length);
    for (const approver of approvers.length === 0 ? [ANYBODY] : approvers) {
      const key = `${day} ${approver}`;
      const known = loads.get(key);
      if (known === undefined && loads.size >= LOADS_MAX) continue;
      const load = known ?? { day, approver, before: 0, after: 0 };
      load[side] += 1;
      loads.set(key, load);
    }
  }

  return {
    count({ at, review, before, after }) {
      if (before === undefined && after === undefined) return;
      if (review !== undefined) {
        if (reviews.has(review)) return;
        if (reviews.size >= REVIEWS_MAX) reviews.clear();
        reviews.add(review);
      }
      if (before !== undefined) add(at, before, "before");
      if (after !== undefined) add(at, after, "after");
    },
    list: () =>
      [...loads.values()].toSorted(
        (a, b) => a.day.localeCompare(b.day) || a.approver.localeCompare(b.approver),
      ),
  };
}
