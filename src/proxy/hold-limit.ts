import type { ChunkVerdict, ResponseInspector } from "../pipeline/ask.ts";

/** What waits for more of a stream that may never come is let go after so long. */
const HOLD_MS_MAX = 250;

/** Bounds in time what an inspector holds back, where nobody knows when more will come. */
export class HoldLimit implements Disposable {
  readonly #inspector: ResponseInspector;
  readonly #obey: (verdict: ChunkVerdict) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(inspector: ResponseInspector, obey: (verdict: ChunkVerdict) => void) {
    this.#inspector = inspector;
    this.#obey = obey;
  }

  /** A chunk came and was looked at. */
  heard(): void {
    if (this.#timer !== undefined) this.#timer.refresh();
    else if (this.#inspector.holds?.() === true) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        if (this.#inspector.letGo !== undefined) this.#obey(this.#inspector.letGo());
      }, HOLD_MS_MAX);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
