import type { ReserveReply } from "../../core/money/budget.ts";
import type { ExchangeId } from "../../core/units.ts";

/** At least so many first replies are remembered, and at most twice as many. */
const GENERATION_MAX = 4096;

/**
 * The first reply each exchange got, so that a repeated reserve repeats it also when its holds are
 * settled and gone. Two generations: the older one is dropped whole, so nothing is evicted singly.
 */
export class FirstReplies {
  #young = new Map<ExchangeId, ReserveReply>();
  #old = new Map<ExchangeId, ReserveReply>();

  get(exchange: ExchangeId): ReserveReply | undefined {
    return this.#young.get(exchange) ?? this.#old.get(exchange);
  }

  /** Remembers the reply unless there is an earlier one, and answers with the first. */
  remember(exchange: ExchangeId, reply: ReserveReply): ReserveReply {
    const first = this.get(exchange);
    if (first !== undefined) return first;
    if (this.#young.size >= GENERATION_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(exchange, reply);
    return reply;
  }
}
