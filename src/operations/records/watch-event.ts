/**
 * What stands out in a deed that somebody reports, by the agent's record. Calls through the gate are
 * watched where they pass (`core/session`); here nothing but the record is known.
 */
import { done, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { DEEDS, type LedgerIndex, type LedgerQuery } from "../../core/ledger/ledger-index.ts";
import { nanoUsd, type Instant, type NanoUsd } from "../../core/units.ts";
import { listRecords } from "./read-records.ts";

export interface WatchedDeed {
  readonly agent: string;
  /** Undefined: none was named. */
  readonly tool: string | undefined;
  readonly cost: NanoUsd | undefined;
}

export interface WatchPorts {
  readonly index: LedgerIndex;
  readonly now: () => Instant;
}

const MINUTE_MS = 60_000;
/** More deeds than these in a minute are rapid fire. */
const DEEDS_A_MINUTE_MAX = 60;
/** 100 USD. */
const COST_MAX = 100_000_000_000;
/** Until an agent has done so much, nothing is unusual. */
const DEEDS_MIN = 20;
const NOTHING = nanoUsd(0);

/** Reasons, each a clause of its own; none where nothing stands out. */
export async function watchEvent(
  caller: Caller,
  { agent, tool, cost = NOTHING }: WatchedDeed,
  { index, now }: WatchPorts,
): Promise<Answer<readonly string[]>> {
  const look = (only: LedgerQuery["only"], limit: number) =>
    listRecords(
      caller,
      { ...NEWEST, only: { ...only, agent: [agent], kind: DEEDS }, limit },
      index,
    );
  const newest = await look({}, DEEDS_A_MINUTE_MAX);
  if (newest.kind === "fault") return newest;
  const { records } = newest.value;
  const since = now() - MINUTE_MS;
  const reasons: string[] = [];
  if (records.filter(({ at }) => at >= since).length >= DEEDS_A_MINUTE_MAX) {
    reasons.push(`rapid fire: more than ${DEEDS_A_MINUTE_MAX} actions in a minute`);
  }
  if (cost > COST_MAX) reasons.push("high cost: more than $100 in one action");
  const isLately = tool === undefined || records.some((record) => record.tool === tool);
  if (isLately || records.length < DEEDS_MIN) return done(reasons);
  const before = await look({ tool: [tool] }, 1);
  if (before.kind === "fault") return before;
  if (before.value.records.length === 0) {
    reasons.push(`unusual tool: ${tool} was never used before`);
  }
  return done(reasons);
}

const NEWEST = {
  order: "newest",
  after: undefined,
  from: undefined,
  to: undefined,
  flagged: undefined,
  scoreMin: undefined,
  text: undefined,
} as const;
