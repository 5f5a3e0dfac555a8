/** What stands out in the last calls of one session. Pure but for the window it is given. */
import { claimOf, deedOf, forbiddenDeeds } from "./contradictions.ts";
import type { Call, CallEnd, RiskLevel, Sighting } from "./conduct.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** How long a call counts. */
export const WINDOW_MS = 600_000;
/** Calls of one session that are remembered: rapid fire is told from fewer. */
export const CALLS_MAX = 64;
const SIGHTINGS_MAX = 32;
const STATEMENTS_MAX = 64;
const STATEMENT_MIN = 8;

interface Noted {
  readonly name: string;
  readonly digest: number;
  readonly at: number;
  failed: boolean;
}

interface Kept extends Sighting {
  readonly at: number;
}

export interface SessionWindow {
  calls: Noted[];
  seen: Kept[];
  forbidden: ReadonlySet<string>;
  /** The text that `forbidden` was read from. */
  instructions: string;
  /** By core, or by name: what the session has written into its memory. */
  readonly claims: Map<string, boolean>;
  readonly values: Map<string, string>;
}

export function openWindow(): SessionWindow {
  return {
    calls: [],
    seen: [],
    forbidden: new Set(),
    instructions: "",
    claims: new Map(),
    values: new Map(),
  };
}

/** Notes the call and tells what stands out in it. */
export function note(window: SessionWindow, call: Call, at: number): readonly Sighting[] {
  forget(window, at);
  window.calls.push({ name: call.name, digest: call.digest, at, failed: false });
  if (window.calls.length > CALLS_MAX) window.calls.shift();
  const sightings = [
    ...repeated(window.calls),
    ...crowded(window.calls, call, at),
    ...contradicted(window, call),
  ];
  keep(window, sightings, at);
  return sightings;
}

/** Tells a call's end; what was found in it counts for the session's level. */
export function noteEnd(window: SessionWindow, end: CallEnd, at: number): void {
  const noted = window.calls.findLast((call) => call.name === end.name);
  if (noted !== undefined) noted.failed = end.failed;
  keep(window, end.found, at);
}

export function keep(window: SessionWindow, sightings: readonly Sighting[], at: number): void {
  if (sightings.length === 0) return;
  const kept = sightings.map((sighting) => ({ ...sighting, at }));
  window.seen = [...window.seen, ...kept].slice(-SIGHTINGS_MAX);
}

const CERTAIN = 80;
const LIKELY = 60;
const POSSIBLE = 40;

/** HIGH: one certain thing, or two likely ones of different kinds. */
export function levelOf(window: SessionWindow, at: number): RiskLevel {
  forget(window, at);
  const likely = window.seen.filter(({ score }) => score >= LIKELY);
  if (likely.some(({ score }) => score >= CERTAIN)) return "HIGH";
  if (new Set(likely.map(({ detector }) => detector)).size > 1) return "HIGH";
  const possible = window.seen.filter(({ score }) => score >= POSSIBLE);
  return likely.length > 0 || possible.length > 2 ? "MEDIUM" : "LOW";
}

function forget(window: SessionWindow, at: number): void {
  const since = at - WINDOW_MS;
  if ((window.calls[0]?.at ?? at) < since) {
    window.calls = window.calls.filter((call) => call.at >= since);
  }
  if ((window.seen[0]?.at ?? at) < since) {
    window.seen = window.seen.filter((one) => one.at >= since);
  }
}

/** Score by count: the last step that is reached. */
type Steps = readonly (readonly [count: number, score: number])[];

const SAME_CALL: Steps = [
  [3, 45],
  [4, 62],
  [6, 80],
  [8, 92],
];
const SAME_ERROR: Steps = [
  [3, 62],
  [5, 80],
];
const SAME_NAME: Steps = [
  [24, 60],
  [48, 80],
];
const MANY_NAMES: Steps = [
  [12, 60],
  [20, 80],
];
const MANY_TARGETS: Steps = [
  [8, 62],
  [16, 80],
];
const MANY_CALLS: Steps = [
  [20, 60],
  [40, 80],
];
/** More than 60 calls in a minute are worth a note. */
const MINUTE_CALLS: Steps = [[61, 35]];
/** Rounds of the same two or three calls in turn. */
const ROUNDS = 3;

const CHATTER_MS = 120_000;
const MINUTE_MS = 60_000;
const RAPID_MS = 10_000;

function scoreAt(steps: Steps, count: number): number {
  return steps.findLast(([least]) => count >= least)?.[1] ?? 0;
}

function sighting(kind: string, signature: string, score: number): readonly Sighting[] {
  return score === 0 ? [] : [{ detector: `behaviour.${kind}`, signature, score }];
}

function repeated(calls: readonly Noted[]): readonly Sighting[] {
  const last = calls.at(-1);
  if (last === undefined) return [];
  const same = calls.filter(({ name, digest }) => name === last.name && digest === last.digest);
  const named = calls.filter(({ name }) => name === last.name).slice(0, -1);
  const failed = named.length - 1 - named.findLastIndex((call) => !call.failed);
  const cycles = isCycle(calls, 2) || isCycle(calls, 3);
  return [
    ...sighting("loop", "same-call", scoreAt(SAME_CALL, same.length)),
    ...sighting("loop", "same-error", scoreAt(SAME_ERROR, failed)),
    ...sighting("loop", "cycle", cycles ? 66 : 0),
  ];
}

/** The last calls are the same few in turn. */
function isCycle(calls: readonly Noted[], period: number): boolean {
  const length = period * ROUNDS;
  if (calls.length < length) return false;
  const tail = calls.slice(-length);
  const differs = new Set(tail.slice(0, period).map(({ digest, name }) => `${digest} ${name}`));
  if (differs.size < period) return false;
  return tail.every((call, i) => {
    const before = tail[i - period];
    return before === undefined || (before.name === call.name && before.digest === call.digest);
  });
}

const SPREADING = /send|mail|message|post|share|invite|transfer|upload|publish|pay/i;

function crowded(calls: readonly Noted[], call: Call, now: number): readonly Sighting[] {
  let rapid = 0;
  let same = 0;
  let minute = 0;
  const names = new Set<string>();
  const targets = new Set<number>();
  for (const { name, digest, at } of calls) {
    const age = now - at;
    if (age <= RAPID_MS) rapid += 1;
    if (age <= CHATTER_MS && name === call.name) same += 1;
    if (age > MINUTE_MS) continue;
    minute += 1;
    names.add(name);
    if (name === call.name) targets.add(digest);
  }
  const spreads = call.kind === "tool" && SPREADING.test(call.name);
  return [
    ...sighting("rapid_fire", "many-calls", scoreAt(MANY_CALLS, rapid)),
    ...sighting("rapid_fire", "many-a-minute", scoreAt(MINUTE_CALLS, minute)),
    ...sighting("chatter", "same-name", scoreAt(SAME_NAME, same)),
    ...sighting("fan_out", "many-names", scoreAt(MANY_NAMES, names.size)),
    ...sighting("fan_out", "many-targets", spreads ? scoreAt(MANY_TARGETS, targets.size) : 0),
  ];
}

function contradicted(window: SessionWindow, call: Call): readonly Sighting[] {
  if (call.kind === "llm" && call.instructions !== window.instructions) {
    window.instructions = call.instructions;
    window.forbidden = forbiddenDeeds(call.instructions);
  }
  const found: Sighting[] = [];
  if (call.kind === "tool" && window.forbidden.size > 0) {
    const deed = deedOf(call.name);
    if (deed !== undefined && window.forbidden.has(deed)) {
      found.push(...sighting("contradiction", `forbidden-${deed}`, 72));
    }
  }
  for (const [name, statement] of call.memory) found.push(...remember(window, name, statement));
  return found;
}

function remember(window: SessionWindow, name: string, statement: string): readonly Sighting[] {
  const { claims, values } = window;
  const before = name === "" ? undefined : values.get(name);
  if (name !== "") keepRecent(values, name, statement, STATEMENTS_MAX);
  const { core, negated } = claimOf(statement);
  const told = core.length < STATEMENT_MIN ? undefined : claims.get(core);
  if (core.length >= STATEMENT_MIN) keepRecent(claims, core, negated, STATEMENTS_MAX);
  if (told !== undefined && told !== negated)
    return sighting("contradiction", "memory-reversed", 70);
  const changed = before !== undefined && before !== statement;
  return sighting("contradiction", "memory-overwritten", changed ? 48 : 0);
}
