import type { Notifier } from "../../core/notify/notification.ts";
import { reviewHappening } from "../../core/notify/review-happening.ts";
import { attendReviews } from "../../operations/reviews/attend-reviews.ts";
import type { ReviewPorts } from "../../operations/reviews/change-reviews.ts";

/** How soon after it was stored a review is told of. */
const ROUND_MS = 500;

/** Looks after reviews for as long as the process runs; of many processes, whoever comes first. */
export class ReviewClerk implements AsyncDisposable {
  readonly #round: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(ports: ReviewPorts, notifier: Notifier) {
    const tell: Parameters<typeof attendReviews>[0]["tell"] = (review, news) =>
      notifier.notify(reviewHappening(review, news));
    this.#round = () => attendReviews({ ...ports, tell });
    this.#timer = setInterval(() => this.#start(), ROUND_MS).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #start(): void {
    // A store that is away refuses calls with its reason; here the next round finds it back.
    this.#running ??= this.#round()
      .catch(() => undefined)
      .finally(() => (this.#running = undefined));
  }
}
