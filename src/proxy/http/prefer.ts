/** What a client prefers while a person is asked (RFC 7240): to wait so long, or to come back. */
import type { Refusal } from "../../core/refusal.ts";
import { millis, type Millis } from "../../core/units.ts";
import { REVIEW_PATH } from "../hold/review-path.ts";
import { renderAccepted } from "../refusals/render-refusal.ts";
import type { RequestHead, WireReply } from "../wire.ts";

const RETRY_AFTER_S = 10;
const WAIT = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i;
const ASYNC = /(?:^|[,;])\s*respond-async\s*(?:$|[,;])/i;

function preferOf({ headers }: RequestHead): string {
  const { prefer } = headers;
  return prefer === undefined ? "" : String(prefer);
}

export function prefersAsync(head: RequestHead): boolean {
  return ASYNC.test(preferOf(head));
}

/** `Prefer: wait=30`; 0 where the client does not say. */
export function waitOf(head: RequestHead): Millis {
  const seconds = WAIT.exec(preferOf(head))?.[1];
  return millis(Number(seconds ?? 0) * 1000);
}

/** A call that a person is asked about is taken, not done: 202 says where to look. */
export function acceptedLater(refusal: Refusal, head: RequestHead): WireReply | undefined {
  const { code, review } = refusal;
  if (code !== "approval_required" || review === undefined || !prefersAsync(head)) return undefined;
  const told = renderAccepted(refusal, head);
  return {
    ...told,
    headers: {
      ...told.headers,
      location: REVIEW_PATH + review,
      "retry-after": String(RETRY_AFTER_S),
      "preference-applied": "respond-async",
    },
  };
}
