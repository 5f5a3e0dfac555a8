import { readFileSync } from "node:fs";
import type { SlackSide } from "../../manage/native/review-services.ts";
import { isFromSlack } from "../../stores/notify/slack-signature.ts";
import type { ReviewSettings } from "../config/config.ts";

/** Throws the system's error where the secret cannot be read. */
export function openSlackSide(
  { slackSecretFile, slackPeople }: ReviewSettings,
  now: () => number,
): SlackSide {
  const secret =
    slackSecretFile === undefined ? undefined : readFileSync(slackSecretFile, "utf8").trim();
  return {
    isFromSlack: (request) => secret !== undefined && isFromSlack(secret, request, now()),
    personOf: (slackUser) => slackPeople.get(slackUser),
  };
}
