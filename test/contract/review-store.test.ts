import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteReviewStore } from "../../src/stores/sqlite/review-store.ts";
import { reviewStoreSuite } from "../support/review-store-suite.ts";

reviewStoreSuite("SqliteReviewStore", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-reviews-"));
  const open: SqliteReviewStore[] = [];
  const close = (): void => {
    for (const store of open.splice(0)) store[Symbol.dispose]();
  };
  return {
    open: async (now) => {
      const store = new SqliteReviewStore(join(directory, "reviews.db"), now);
      open.push(store);
      return store;
    },
    fail: async () => close(),
    [Symbol.asyncDispose]: async () => {
      close();
      rmSync(directory, { recursive: true });
    },
  };
});
