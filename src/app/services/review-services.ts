import { join } from "node:path";
import type { Services } from "../../manage/native/services.ts";
import { SqliteReviewStore } from "../../stores/sqlite/review-store.ts";
import type { ServiceParts } from "./service-parts.ts";

/** Throws the system's error where the store cannot be opened. */
export function openReviewServices(
  { config, ledger, now }: ServiceParts,
  started: AsyncDisposableStack,
): Pick<Services, "reviews"> {
  const reviews = started.use(new SqliteReviewStore(join(config.dataDirectory, "reviews.db"), now));
  return { reviews: { reviews, ledger, now } };
}
