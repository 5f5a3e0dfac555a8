import type { ReserveReply } from "../core/money/budget.ts";
import type { AttemptId } from "../core/units.ts";

/** At least so many first replies are remembered, and at most twice as many: both stay in a cache. */
const GENERATION_MAX = 1024;

/**
 * The first reply each attempt got, so that a repeated reserve repeats it also when its holds are
 * settled and gone. Two generations: the older one is dropped whole, so nothing is evicted singly.
 */
export class FirstReplies {
  #young = new Map<AttemptId, ReserveReply>();
  #old = new Map<AttemptId, ReserveReply>();

  get(attempt: AttemptId): ReserveReply | undefined {
    return this.#young.get(attempt) ?? this.#old.get(attempt);
  }

  /** Remembers the reply unless there is an earlier one, and answers with the first. */
  remember(attempt: AttemptId, reply: ReserveReply): ReserveReply {
    const first = this.get(attempt);
    if (first !== undefined) return first;
    if (this.#young.size >= GENERATION_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(attempt, reply);
    return reply;
  }
}
