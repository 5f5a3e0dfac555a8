import type { Place } from "../../core/policy/source-text.ts";
import type { Config } from "./config.ts";
import type { ConfigFile } from "./config-schema.ts";

/** Where things stand: absolute paths, and places in the configuration for problems. */
interface Whereabouts {
  path(key: string, value: string): string;
  placeOf(key: string): Place;
}

/** What stands in files beside the policies, which are read again when they change. */
export function resolveFiles(
  { prices, feeds }: ConfigFile,
  where: Whereabouts,
): Pick<Config, "prices" | "feeds"> {
  const { overrides, unpriced, file } = prices;
  return {
    prices: {
      overrides,
      unpriced,
      places: overrides.map((_, index) => where.placeOf(`prices.overrides[${index}]`)),
      file: file === undefined ? undefined : where.path("prices.file", file),
    },
    feeds: feeds.map((feed, index) => ({
      name: feed.name,
      file: where.path(`feeds[${index}].file`, feed.file),
      as: feed.as,
      maxAgeDays: feed.max_age_days,
    })),
  };
}
