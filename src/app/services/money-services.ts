import type { Services } from "../../manage/native/services.ts";
import { SqliteUsageStore } from "../../stores/sqlite/usage-store.ts";
import { openCounters } from "../ports/open-counters.ts";
import { NOBODY_TOLD } from "../observe/store-events.ts";
import { usagePath } from "../observe/usage-listener.ts";
import type { ServiceParts } from "./service-parts.ts";

/** Throws the system's error where the budget store cannot be opened. */
export async function openMoneyServices(
  { config, vitals, ledger, redis, now, usage: shared }: ServiceParts,
  budgets: Services["budgets"]["budgets"],
  started: AsyncDisposableStack,
): Promise<Pick<Services, "budgets" | "usage">> {
  const { budgets: store } = started.use(
    await openCounters({ config, shared: false, now, events: NOBODY_TOLD, redis }),
  );
  const usage =
    shared ?? started.use(new SqliteUsageStore(usagePath(config), (cause) => vitals.failed(cause)));
  return { budgets: { store, budgets, ledger, now }, usage };
}
