/**
 * What stands out in a deed that somebody reports, by the agent's record. Calls through the gate are
 * watched where they pass (`core/session`); here nothing but the record is known, and what was read
 * of it is kept: most reports are judged without another look.
 */
import { done, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { DEEDS, type LedgerIndex, type LedgerQuery } from "../../core/ledger/ledger-index.ts";
import { instant, nanoUsd, type Instant, type NanoUsd } from "../../core/units.ts";
import { keepRecent } from "../../lib/keep-recent.ts";
import { addUpRecords, listRecords } from "./read-records.ts";
import { mayTellOf } from "./record-event.ts";

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

export interface EventWatch {
  /** Reasons, each a clause of its own; none where nothing stands out. */
  look(caller: Caller, deed: WatchedDeed): Promise<Answer<readonly string[]>>;
  /** The deed is on the record: the next look knows of it. */
  recorded(caller: Caller, deed: WatchedDeed): void;
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
const HABIT_MS = HABIT_DAYS * DAY_MS;
const NOTHING = nanoUsd(0);
/**
 * How long one look at the minute counts. What is reported here meanwhile is added to it; what other
 * doors and processes put on the record is seen with the next look: a twelfth of the minute late. One
 * look costs as much as some twenty reports.
 */
export const LOOK_MS = 5000;
/** Agents and each agent's tools that are kept; the ones longest known go first. */
const AGENTS_MAX = 1024;
const TOOLS_MAX = 256;

interface Habits {
  /** When the minute was looked at; the answer may still be on its way. */
  lookedAt: Instant;
  minute: Promise<Answer<number>>;
  /** Put on the record here since that look. */
  since: number;
  /** Tools by when they are no habit any more: of those that are not here, the record knows. */
  readonly tools: Map<string, Instant>;
  /** The agent has done enough to have habits; true until this time. */
  settledUntil: Instant;
}

export function createEventWatch(ports: WatchPorts): EventWatch {
  const agents = new Map<string, Habits>();
  return {
    async look(caller, deed) {
      // The record will refuse it: nothing to look at.
      if (!mayTellOf(caller, deed.agent)) return done([]);
      const habits = habitsOf(caller, deed.agent, agents);
      const lately = await deedsLately(habits, caller, deed, ports);
      if (lately.kind === "fault") return lately;
      const isNew = await isUnusual(habits, caller, deed, ports);
      return isNew.kind === "fault" ? isNew : done(reasonsFor(deed, lately.value, isNew.value));
    },
    recorded(caller, { agent, tool }) {
      const habits = habitsOf(caller, agent, agents);
      habits.since += 1;
      if (tool !== undefined) keepRecent(habits.tools, tool, habitUntil(ports.now()), TOOLS_MAX);
    },
  };
}

function habitUntil(at: Instant): Instant {
  return instant(at + HABIT_MS);
}

function reasonsFor(
  { tool, cost = NOTHING }: WatchedDeed,
  lately: number,
  isNew: boolean,
): readonly string[] {
  const reasons: string[] = [];
  if (lately >= DEEDS_A_MINUTE_MAX) {
    reasons.push(`rapid fire: more than ${DEEDS_A_MINUTE_MAX} actions in a minute`);
  }
  if (cost > COST_MAX) reasons.push("high cost: more than $100 in one action");
  if (isNew) reasons.push(`unusual tool: ${tool ?? ""} was not used in ${HABIT_DAYS} days`);
  return reasons;
}

const NEVER = instant(0);

function habitsOf({ tenant }: Caller, agent: string, agents: Map<string, Habits>): Habits {
  const key = JSON.stringify([tenant, agent]);
  const habits = agents.get(key) ?? {
    lookedAt: NEVER,
    minute: Promise.resolve(done(0)),
    since: 0,
    tools: new Map<string, Instant>(),
    settledUntil: NEVER,
  };
  keepRecent(agents, key, habits, AGENTS_MAX);
  return habits;
}

/** Deeds of the last minute, this one not counted. */
async function deedsLately(
  habits: Habits,
  caller: Caller,
  { agent }: WatchedDeed,
  ports: WatchPorts,
): Promise<Answer<number>> {
  const now = ports.now();
  if (Math.abs(now - habits.lookedAt) >= LOOK_MS) {
    habits.lookedAt = now;
    habits.since = 0;
    habits.minute = countMinute(habits, caller, agent, ports);
  }
  const counted = await habits.minute;
  if (counted.kind === "fault") {
    // The next report asks again.
    habits.lookedAt = NEVER;
    return counted;
  }
  return done(counted.value + habits.since);
}

async function countMinute(
  { tools }: Habits,
  caller: Caller,
  agent: string,
  { index, now }: WatchPorts,
): Promise<Answer<number>> {
  const at = now();
  const from = instant(Math.max(0, at - MINUTE_MS));
  const wish = { ...ANY, ...BY_TOOL, only: { agent: [agent], kind: DEEDS }, from };
  const rows = await addUpRecords(caller, wish, index);
  if (rows.kind === "fault") return rows;
  for (const { cell } of rows.value) {
    if (cell.tool !== undefined && cell.tool !== "") {
      keepRecent(tools, cell.tool, habitUntil(from), TOOLS_MAX);
    }
  }
  return done(rows.value.reduce((sum, { count }) => sum + count, 0));
}

/** Whether an agent that has habits has not used the tool lately. */
async function isUnusual(
  habits: Habits,
  caller: Caller,
  { agent, tool }: WatchedDeed,
  { index, now }: WatchPorts,
): Promise<Answer<boolean>> {
  const at = now();
  if (tool === undefined || (habits.tools.get(tool) ?? NEVER) > at) return done(false);
  const from = instant(Math.max(0, at - HABIT_MS));
  const look = (more: LedgerQuery["only"], limit: number) => {
    const only = { agent: [agent], kind: DEEDS, ...more };
    return listRecords(caller, { ...ANY, ...NEWEST, only, from, limit }, index);
  };
  const before = await look({ tool: [tool] }, 1);
  if (before.kind === "fault") return before;
  const [last] = before.value.records;
  if (last !== undefined) {
    keepRecent(habits.tools, tool, habitUntil(last.at), TOOLS_MAX);
    return done(false);
  }
  if (habits.settledUntil > at) return done(true);
  const all = await look({}, DEEDS_MIN);
  if (all.kind === "fault") return all;
  const isSettled = all.value.records.length >= DEEDS_MIN;
  // For as long as the oldest of them counts.
  const oldest = all.value.records.at(-1);
  if (isSettled && oldest !== undefined) habits.settledUntil = habitUntil(oldest.at);
  return done(isSettled);
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
