import { createHmac, timingSafeEqual } from "node:crypto";

/** Older requests may be repetitions by somebody who overheard them. */
const AGE_MAX_S = 300;

/**
 * Whether Slack has sent this body just now.
 *
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function isFromSlack(
  secret: string,
  { body, timestamp, signature }: SlackRequest,
  nowMillis: number,
): boolean {
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : 0;
  if (Math.abs(nowMillis / 1000 - seconds) > AGE_MAX_S) return false;
  const mac = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  const expected = Buffer.from(`v0=${mac}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

export interface SlackRequest {
  /** As it was received. */
  readonly body: string;
  readonly timestamp: string;
  readonly signature: string;
}
