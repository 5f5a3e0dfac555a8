/** Waits for people's words on behalf of calls: one look at the store serves all of them. */
import type { ReviewAwaiting } from "../core/review/awaiting.ts";
import { isWaiting, type Review } from "../core/review/review.ts";
import type { ReviewStore } from "../core/review/review-store.ts";
import type { Instant, Millis, ReviewId } from "../core/units.ts";

/** Calls that wait at the same time; more are answered at once, as if they could not wait. */
const AWAITED_MAX = 10_000;

/** An escalation of an escalation: followed so far. */
const SUCCESSORS_MAX = 8;

interface Waiter {
  review: Review;
  readonly resolve: (review: Review) => void;
}

export class ReviewWatch implements ReviewAwaiting, Disposable {
  readonly #store: ReviewStore;
  readonly #now: () => Instant;
  readonly #waiters = new Set<Waiter>();
  #watch: Disposable | undefined;
  #looking = false;
  /** What was told while a look was under way; undefined in it: everything. */
  #news = new Set<ReviewId | undefined>();

  constructor(store: ReviewStore, now: () => Instant) {
    this.#store = store;
    this.#now = now;
  }

  settled(review: Review, max: Millis, gone: AbortSignal): Promise<Review> {
    const asked = this.#now();
    const time = Math.min(max, review.expiresAt - asked);
    if (gone.aborted || time <= 0 || this.#waiters.size >= AWAITED_MAX) {
      return Promise.resolve(review);
    }
    return new Promise((resolve) => {
      const end = (settled: Review): void => {
        clearTimeout(timer);
        gone.removeEventListener("abort", leave);
        this.#leave(waiter);
        resolve(settled);
      };
      const waiter: Waiter = { review, resolve: end };
      const leave = (): void => end(waiter.review);
      const timer = setTimeout(() => end(atThe(asked + time, waiter.review)), time);
      gone.addEventListener("abort", leave, { once: true });
      this.#waiters.add(waiter);
      this.#watch ??= this.#store.watch((id) => this.#hear(id));
      // It may have been answered between its storing and this watch.
      this.#hear(review.id);
    });
  }

  /** Lets every call go on as it stands: the process is shutting down. */
  release(): void {
    for (const waiter of this.#waiters) waiter.resolve(waiter.review);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size > 0) return;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  #hear(id: ReviewId | undefined): void {
    this.#news.add(id);
    if (this.#looking) return;
    this.#looking = true;
    void this.#look();
  }

  async #look(): Promise<void> {
    while (this.#news.size > 0) {
      const news = this.#news;
      this.#news = new Set();
      const all = news.has(undefined);
      for (const waiter of this.#waiters) {
        if (all || news.has(waiter.review.id)) await this.#lookAt(waiter);
      }
    }
    this.#looking = false;
  }

  async #lookAt(waiter: Waiter): Promise<void> {
    const { tenant } = waiter.review.principal;
    try {
      for (let handed = 0; handed < SUCCESSORS_MAX; handed += 1) {
        const found = await this.#store.find(tenant, waiter.review.id);
        if (found === undefined) return;
        if (found.status !== "escalated" || found.successor === undefined) {
          waiter.review = found;
          if (!isWaiting(found) || found.status === "deferred") waiter.resolve(found);
          return;
        }
        waiter.review = { ...found, id: found.successor };
      }
    } catch {
      // The next news, or the end of the wait, finds the store back or says so.
    }
  }
}

/** By the clock that set the timer: a timer may be early, and the store may not have said it yet. */
function atThe(end: number, review: Review): Review {
  return isWaiting(review) && review.expiresAt <= end ? { ...review, status: "expired" } : review;
}
