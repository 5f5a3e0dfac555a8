/**
 * What stands out in a deed that somebody reports, by the agent's record. Calls through the gate are
 * watched where they pass (`core/session`); here nothing but the record is known.
 */
import { done, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import {
  DEEDS,
  type LedgerIndex,
  type LedgerPage,
  type LedgerQuery,
} from "../../core/ledger/ledger-index.ts";
import { instant, nanoUsd, type Instant, type NanoUsd } from "../../core/units.ts";
import { addUpRecords, listRecords } from "./read-records.ts";

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
/** What was done before is no habit any more. */
const HABIT_DAYS = 30;
const DAY_MS = 86_400_000;
const NOTHING = nanoUsd(0);

/** Reasons, each a clause of its own; none where nothing stands out. */
export async function watchEvent(
  caller: Caller,
  { agent, tool, cost = NOTHING }: WatchedDeed,
  { index, now }: WatchPorts,
): Promise<Answer<readonly string[]>> {
  const only = { agent: [agent], kind: DEEDS };
  const since = (length: number): Instant => instant(Math.max(0, now() - length));
  const wish = { ...ANY, ...BY_TOOL, only, from: since(MINUTE_MS) };
  const minute = await addUpRecords(caller, wish, index);
  if (minute.kind === "fault") return minute;
  const reasons: string[] = [];
  const lately = minute.value.reduce((sum, { count }) => sum + count, 0);
  if (lately >= DEEDS_A_MINUTE_MAX) {
    reasons.push(`rapid fire: more than ${DEEDS_A_MINUTE_MAX} actions in a minute`);
  }
  if (cost > COST_MAX) reasons.push("high cost: more than $100 in one action");
  const isLately = tool === undefined || minute.value.some(({ cell }) => cell.tool === tool);
  if (isLately) return done(reasons);
  const from = since(HABIT_DAYS * DAY_MS);
  const look = (more: LedgerQuery["only"], limit: number) =>
    listRecords(caller, { ...ANY, ...NEWEST, only: { ...only, ...more }, from, limit }, index);
  const before = await look({ tool: [tool] }, 1);
  if (before.kind === "fault" || before.value.records.length > 0) return known(before, reasons);
  const all = await look({}, DEEDS_MIN);
  if (all.kind === "done" && all.value.records.length >= DEEDS_MIN) {
    reasons.push(`unusual tool: ${tool} was not used in ${HABIT_DAYS} days`);
  }
  return known(all, reasons);
}

function known(looked: Answer<LedgerPage>, reasons: readonly string[]): Answer<readonly string[]> {
  return looked.kind === "fault" ? looked : done(reasons);
}

const BY_TOOL = { groups: ["tool"], max: 100 } as const;
const NEWEST = { order: "newest", after: undefined } as const;
const ANY = {
  from: undefined,
  to: undefined,
  flagged: undefined,
  scoreMin: undefined,
  text: undefined,
} as const;
