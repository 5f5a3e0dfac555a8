import { join } from "node:path";
import type { Services } from "../../manage/native/services.ts";
import { vouch } from "../../pipeline/vouch.ts";
import { openLockSource } from "../../stores/definition-lock.ts";
import { SqliteDefinitionStore } from "../../stores/sqlite/definition-store.ts";
import { SqliteReviewStore } from "../../stores/sqlite/review-store.ts";
import type { ServiceParts } from "./service-parts.ts";

/** Throws the system's error where the store cannot be opened. */
export function openReviewServices(
  { config, vitals, ledger, now }: ServiceParts,
  started: AsyncDisposableStack,
): Pick<Services, "reviews"> {
  const at = (name: string): string => join(config.dataDirectory, name);
  const reviews = started.use(new SqliteReviewStore(at("reviews.db"), now));
  const { trust, byUpstream, lockFile } = config.definitions;
  const lock = openLockSource(lockFile, (problem) => vitals.failed(problem));
  const pins = started.use(
    new SqliteDefinitionStore({
      path: at("definitions.db"),
      now,
      trustOf: (upstream) => byUpstream[upstream] ?? trust,
      lock: () => lock.current(),
      // Pins are only read here.
      onChange: () => undefined,
      onFault: (cause) => vitals.failed(cause),
    }),
  );
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.name, upstream]));
  return {
    reviews: {
      reviews,
      ledger,
      now,
      definitionOf(action, principal) {
        const upstream = upstreams.get(action.upstream);
        const vouched = upstream && vouch(action, upstream, principal, pins);
        return vouched?.kind === "pass" ? vouched.value?.seen : undefined;
      },
    },
  };
}
