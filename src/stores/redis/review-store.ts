/** Reviews that replicas share: each change is one script, and is published. */
import { asOf } from "../../core/review/speak.ts";
import type { Review } from "../../core/review/review.ts";
import type { RequestReply, ReviewQuery, ReviewStore } from "../../core/review/review-store.ts";
import { id, type Digest, type Instant, type ReviewId, type TenantId } from "../../core/units.ts";
import { reviewText, tooManyReviews } from "../review-limits.ts";
import { errorOf } from "../../lib/caught.ts";
import type { RedisStoreOptions } from "./rate-store.ts";
import type { RedisNews } from "./redis-news.ts";
import type { RedisScript } from "./redis-script.ts";
import {
  ADD_TENANT,
  CHANGE_REVIEW,
  CROWDED,
  FIND_OVERRIDE,
  FIND_REVIEW,
  LIST_REVIEWS,
  REQUEST_REVIEW,
  STORED,
  TENANTS,
  UNATTENDED_REVIEWS,
} from "./review-scripts.ts";

export interface RedisReviewOptions extends RedisStoreOptions {
  readonly news: RedisNews;
  /** What this process takes for now where it shows a review. */
  readonly now: () => Instant;
}

/** Names kept by one process; with one more they are told anew. */
const TENANTS_KNOWN_MAX = 10_000;

type Args = readonly (string | number)[];

export class RedisReviewStore implements ReviewStore {
  readonly #options: RedisReviewOptions;
  readonly #channel: string;
  readonly #tenants: string;
  /** Tenants that others can find. */
  readonly #known = new Set<TenantId>();

  constructor(options: RedisReviewOptions) {
    this.#options = options;
    this.#channel = options.keys.channel("reviews");
    this.#tenants = options.keys.tenantsWith("reviews");
  }

  async request(review: Review): Promise<RequestReply> {
    const { principal } = review;
    try {
      await this.#know(principal.tenant);
      const args = [this.#channel, ...reviewArgs(review)];
      const reply = await this.#run(REQUEST_REVIEW, principal.tenant, args);
      if (reply === STORED) return { kind: "stored", review };
      if (reply === CROWDED) throw tooManyReviews(principal.agent);
      return { kind: "stored", review: parsed(reply) };
    } catch (error) {
      const cause = errorOf(error);
      return { kind: "unreachable", cause };
    }
  }

  async find(tenant: TenantId, reviewId: string): Promise<Review | undefined> {
    return this.#shown(await this.#run(FIND_REVIEW, tenant, [reviewId]));
  }

  async list({ tenant, status, agent, after, limit }: ReviewQuery): Promise<readonly Review[]> {
    const args = [status ?? "", agent ?? "", after ?? "", limit];
    const now = this.#options.now();
    return listed(await this.#run(LIST_REVIEWS, tenant, args)).map((review) => asOf(review, now));
  }

  async change(after: Review, opened?: Review): Promise<boolean> {
    const args = [this.#channel, ...reviewArgs(after)];
    if (opened !== undefined) args.push(...reviewArgs(opened));
    return (await this.#run(CHANGE_REVIEW, after.principal.tenant, args)) === 1;
  }

  async override(tenant: TenantId, fingerprint: Digest): Promise<Review | undefined> {
    return this.#shown(await this.#run(FIND_OVERRIDE, tenant, [fingerprint]));
  }

  async unattended(now: Instant, limit: number): Promise<readonly Review[]> {
    const { client } = this.#options;
    const found: Review[] = [];
    const tenants = await client.run(TENANTS, [this.#tenants], []);
    for (const name of Array.isArray(tenants) ? tenants : []) {
      if (found.length >= limit) break;
      const args = [now, limit - found.length];
      found.push(...listed(await this.#run(UNATTENDED_REVIEWS, id(String(name)), args)));
    }
    return found;
  }

  watch(told: (id: ReviewId | undefined) => void): Disposable {
    return this.#options.news.listen(this.#channel, told);
  }

  /** Named before it has anything, so that a crash in between leaves no review unattended. */
  async #know(tenant: TenantId): Promise<void> {
    if (this.#known.has(tenant)) return;
    await this.#options.client.run(ADD_TENANT, [this.#tenants], [tenant]);
    if (this.#known.size >= TENANTS_KNOWN_MAX) this.#known.clear();
    this.#known.add(tenant);
  }

  #run(script: RedisScript, tenant: TenantId, args: Args): Promise<unknown> {
    const { client, keys, clock } = this.#options;
    const root = keys.tenant(`${tenant}|`);
    return client.run(script, [`${root}reviews`], [clock?.() ?? "", root, ...args]);
  }

  #shown(body: unknown): Review | undefined {
    return typeof body === "string" ? asOf(parsed(body), this.#options.now()) : undefined;
  }
}

/** In the order that `put` in the scripts reads; as many as `REVIEW_ARGS`. */
function reviewArgs(review: Review): (string | number)[] {
  const { id, revision, status, expiresAt, attendAt, fingerprint, principal, policy } = review;
  const override = review.origin.kind === "override" ? "1" : "";
  return [
    id,
    reviewText(review),
    revision,
    status,
    expiresAt,
    attendAt ?? "",
    fingerprint,
    principal.agent,
    policy,
    override,
  ];
}

function listed(reply: unknown): readonly Review[] {
  if (!Array.isArray(reply)) throw new TypeError("Redis answered something else than a list");
  return reply.map((body) => parsed(body));
}

/** Our own text: what `JSON.stringify` left out was undefined, and reads as undefined again. */
function parsed(body: unknown): Review {
  const review: Review = JSON.parse(String(body));
  return review;
}
