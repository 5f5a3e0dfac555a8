import type { EventFramer } from "../core/inspect/event-framer.ts";
import type { StreamDoubts } from "../core/inspect/stream-doubts.ts";

/** Reads a stream of a plain HTTP upstream ahead of its gate, for what is doubted in it. */
export class HttpAhead {
  readonly #doubts: StreamDoubts;
  readonly #framer: EventFramer;

  constructor(doubts: StreamDoubts, framer: EventFramer) {
    this.#doubts = doubts;
    this.#framer = framer;
  }

  /** Undefined: the end. */
  read(bytes: Uint8Array | undefined): Promise<void> | undefined {
    const frames = bytes === undefined ? this.#framer.end() : this.#framer.push(bytes);
    for (const { spans } of frames) this.#doubts.spans(spans);
    if (bytes === undefined) this.#doubts.end();
    return this.#doubts.settle();
  }
}
