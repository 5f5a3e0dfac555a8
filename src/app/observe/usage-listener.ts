import { join } from "node:path";
import type { Facts } from "../../core/evidence.ts";
import { spentByName } from "../../core/money/spent-by-name.ts";
import type { UsageCell, UsageCounts, UsageStore } from "../../core/money/usage-report.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { inputTokensOf, outputTokensOf } from "../../core/money/usage.ts";
import type { Config } from "../config/config.ts";
import type { Listener } from "./events.ts";

export function usagePath({ dataDirectory }: Pick<Config, "dataDirectory">): string {
  return join(dataDirectory, "usage.db");
}

/** Puts every closed exchange into the sums that reports are made from. */
export function usageListener(store: Pick<UsageStore, "add">): Listener {
  return (facts) => store.add(cellOf(facts), countsOf(facts));
}

let day = "";
let dayEndsAt = 0;
const DAY_MS = 86_400_000;

/** One date for all calls of a UTC day. */
function dayOf(at: number): string {
  if (at < dayEndsAt && at >= dayEndsAt - DAY_MS) return day;
  const start = at - (at % DAY_MS);
  dayEndsAt = start + DAY_MS;
  day = new Date(start).toISOString().slice(0, 10);
  return day;
}

function cellOf({ at, principal, action, upstream, usage }: Facts): UsageCell {
  return {
    tenant: principal?.tenant ?? DEFAULT_TENANT,
    day: dayOf(at),
    agent: principal?.agent ?? "",
    team: principal?.team ?? "",
    user: principal?.user ?? "",
    upstream: upstream.name,
    model: usage?.model ?? (action?.kind === "llm" ? action.model : ""),
    tool: action?.kind === "tool" ? `${action.upstream}.${action.tool}` : "",
  };
}

function countsOf(facts: Facts): UsageCounts {
  const { usage, outcome } = facts;
  const refused = outcome?.kind === "refused" ? 1 : 0;
  const named = spentByName(facts);
  if (usage === undefined) {
    return { calls: 1, refused, inputTokens: 0, outputTokens: 0, nanoUsd: named, estimated: 0 };
  }
  return {
    calls: 1,
    refused,
    inputTokens: inputTokensOf(usage.usage),
    outputTokens: outputTokensOf(usage.usage),
    nanoUsd: usage.cost + named,
    estimated: usage.usage.source === "provider" ? 0 : 1,
  };
}
