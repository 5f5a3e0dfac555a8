/** One exchange that may wait for a person's word, on whatever wire. */
import type { Principal } from "../../core/principal.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { Review } from "../../core/review/review.ts";
import { millis, type Millis, type ReviewId } from "../../core/units.ts";
import type { Presented } from "../../pipeline/ask.ts";
import type { Hold } from "../../pipeline/review.ts";
import type { Cuttable } from "../forward-http.ts";
import type { ExchangeTools } from "../http-exchange.ts";
import type { Reply } from "../reply.ts";
import type { WireExchange, WireReply } from "../wire.ts";
import { HeldReply } from "./held-reply.ts";

/** How often a stream shows that its call still waits: well below any client's idle time. */
const BEAT_MS = 5_000;

const NOT_KEPT = Promise.resolve(false);

type HoldTools = Pick<ExchangeTools, "shutdown" | "standing" | "holdMax">;

export class ReviewHold implements Hold, Cuttable {
  place = -1;
  principal: Principal | undefined;
  /** Nothing was sent yet: a freeze, which lets run what runs, ends the wait as well. */
  readonly asking: Presented;
  readonly #wire: WireExchange;
  readonly #reply: Reply;
  readonly #tools: HoldTools;
  readonly #left = new AbortController();
  #held: HeldReply | undefined;
  #beats: NodeJS.Timeout | undefined;

  constructor(wire: WireExchange, reply: Reply, tools: HoldTools, asking: Presented) {
    this.asking = asking;
    this.#wire = wire;
    this.#reply = reply;
    this.#tools = tools;
  }

  get gone(): AbortSignal {
    return this.#left.signal;
  }

  /** Where the answer goes from here on. */
  get reply(): Reply {
    return this.#held ?? this.#reply;
  }

  max(wished: Millis | undefined): Millis {
    const hold = this.#wire.hold?.();
    if (hold === undefined || this.#reply.gone) return millis(0);
    const configured = hold.wished === "configured" ? this.#tools.holdMax : hold.wished;
    return millis(Math.min(wished ?? configured, hold.most));
  }

  begin({ id, principal }: Review): void {
    const words = this.#wire.hold?.().words;
    const { shutdown, standing } = this.#tools;
    this.principal = principal;
    shutdown.open.add(this);
    standing.add(this);
    this.#reply.onGone(() => this.#left.abort());
    if (words !== undefined) this.#show(new HeldReply(this.#reply, words), id);
  }

  keep(review: Review): Promise<boolean> {
    return this.#wire.keep?.(review) ?? NOT_KEPT;
  }

  end(): void {
    clearInterval(this.#beats);
    this.#tools.shutdown.open.remove(this);
    this.#tools.standing.delete(this);
  }

  /** An operator stops the agent: the call is judged again at once, and refused. */
  cut(_why: Refusal): void {
    this.#left.abort();
  }

  /** The process is shutting down; the review is not lost. */
  destroy(): void {
    this.#left.abort();
  }

  /** In the wire's own shape, or as the last event of what has begun. */
  refuse(refusal: Refusal): WireReply {
    const words = this.#held?.begun === true ? this.#wire.hold?.().words : undefined;
    if (words === undefined) return this.#wire.refuse(refusal);
    return { status: 200, headers: {}, body: Buffer.from(words.refusal(refusal)).toString() };
  }

  #show(held: HeldReply, id: ReviewId): void {
    this.#held = held;
    this.#beats = setInterval(() => held.beat(id), BEAT_MS);
  }
}
