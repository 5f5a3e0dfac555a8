import { millis } from "../../core/units.ts";
import type { ReviewSettings } from "./config.ts";
import type { ConfigFile } from "./config-schema.ts";

/** `inFile` makes a path of the config absolute. */
export function resolveReviews(
  { reviews: { hold_max_ms: holdMax, slack } }: ConfigFile,
  inFile: (key: string, value: string) => string,
): ReviewSettings {
  const { signing_secret_file: file, people } = slack;
  return {
    holdMax: millis(holdMax),
    slackSecretFile: file === undefined ? undefined : inFile("reviews.slack", file),
    slackPeople: new Map(
      people.map((entry) => {
        const equals = entry.indexOf("=");
        return [entry.slice(0, equals), entry.slice(equals + 1)];
      }),
    ),
  };
}
