/** `GET /-/reviews/<id>`: how a review stands, for the agent whose call waits. Never rejects. */
import type { ExchangeId } from "../../core/units.ts";
import type { Refusal } from "../../core/refusal.ts";
import { isWaiting, type Review } from "../../core/review/review.ts";
import type { Presented } from "../../pipeline/ask.ts";
import { identify } from "../../pipeline/identify.ts";
import type { Ports } from "../../pipeline/stages.ts";
import { renderRefusal } from "../refusals/render-refusal.ts";
import type { WireReply } from "../wire.ts";

const RETRY_AFTER_S = 10;

export async function tellReview(
  reviewId: string,
  presented: Presented,
  exchange: ExchangeId,
  { directory, reviews }: Pick<Ports, "directory" | "reviews">,
): Promise<WireReply> {
  const refuse = (refusal: Refusal): WireReply => renderRefusal("http", refusal, { exchange });
  try {
    const identified = await identify(presented, directory);
    if (identified.kind === "halt") return refuse(identified.refusal);
    const { tenant, agent } = identified.value;
    const review = await reviews.find(tenant, reviewId);
    if (review?.principal.agent === agent) return standingOf(review);
    const detail = "There is no such review of this agent.";
    return refuse({ code: "no_such_upstream", detail });
  } catch {
    return refuse({ code: "review_unavailable", detail: "The reviews cannot be read now." });
  }
}

function standingOf(review: Review): WireReply {
  const { id, status, expiresAt, successor, words } = review;
  const note = words.at(-1)?.note;
  const body = {
    id,
    status,
    expires_at: new Date(expiresAt).toISOString(),
    ...(note !== undefined && { note }),
    ...(successor !== undefined && { successor }),
  };
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "cache-control": "no-store",
  };
  if (isWaiting(review)) headers["retry-after"] = String(RETRY_AFTER_S);
  return { status: 200, headers, body: JSON.stringify(body) };
}
