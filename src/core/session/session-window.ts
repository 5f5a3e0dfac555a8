/** What stands out in the last calls of one session. Pure but for the window it is given. */
import { bansIn, claimOf, forbiddenDeed, type Ban } from "./contradictions.ts";
import type { Call, CallEnd, RiskLevel, Sighting } from "./conduct.ts";
import { crowded } from "./crowds.ts";
import { isSame, repeated } from "./repetitions.ts";
import { NOTED, sighting } from "./sightings.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** How long a call counts. */
export const WINDOW_MS = 600_000;
/** Calls of one session that are remembered: rapid fire is told from fewer. */
export const CALLS_MAX = 64;
const SIGHTINGS_MAX = 32;
const STATEMENTS_MAX = 64;
const STATEMENT_MIN = 8;

/** A call of the window, and how it ended. */
export interface Noted extends Pick<Call, "name" | "digest" | "kind" | "errand"> {
  readonly at: number;
  /** The first of its kind in the window: with it the session went on to something else. */
  readonly fresh: boolean;
  ended: boolean;
  failed: boolean;
  later: boolean;
  answer: number | undefined;
}

interface Kept extends Sighting {
  readonly at: number;
}

export interface SessionWindow {
  calls: Noted[];
  seen: Kept[];
  bans: readonly Ban[];
  /** The text that `bans` were read from. */
  instructions: string;
  /** By core, or by name: what the session has written into its memory. */
  readonly claims: Map<string, boolean>;
  readonly values: Map<string, string>;
}

export function openWindow(): SessionWindow {
  return {
    calls: [],
    seen: [],
    bans: [],
    instructions: "",
    claims: new Map(),
    values: new Map(),
  };
}

/** Notes the call and tells what stands out in it. */
export function note(window: SessionWindow, call: Call, at: number): readonly Sighting[] {
  forget(window, at);
  window.calls.push(notedOf(call, at, window.calls));
  if (window.calls.length > CALLS_MAX) window.calls.shift();
  const sightings = [
    ...repeated(window.calls),
    ...crowded(window.calls, call, at),
    ...contradicted(window, call),
  ];
  keep(window, sightings, at);
  return sightings;
}

function notedOf(
  { name, digest, kind, errand }: Call,
  at: number,
  before: readonly Noted[],
): Noted {
  // Each turn of a conversation is new to a model, also in a loop.
  const fresh = kind !== "llm" && !before.some((one) => isSame(one, { name, digest }));
  const open = { ended: false, failed: false, later: false, answer: undefined };
  return { name, digest, kind, errand, at, fresh, ...open };
}

/** Tells a call's end; what was found in it counts for the session's level. */
export function noteEnd(window: SessionWindow, end: CallEnd, at: number): void {
  const { name, failed, later, answer, found } = end;
  const noted = window.calls.findLast((call) => call.name === name && !call.ended);
  if (noted !== undefined) Object.assign(noted, { ended: true, failed, later, answer });
  keep(window, found, at);
}

export function keep(window: SessionWindow, sightings: readonly Sighting[], at: number): void {
  if (sightings.length === 0) return;
  const kept = sightings.map((sighting) => ({ ...sighting, at }));
  window.seen = [...window.seen, ...kept].slice(-SIGHTINGS_MAX);
}

const CERTAIN = 80;
const LIKELY = 60;
const POSSIBLE = 40;

/** HIGH: one certain thing, or two likely ones of different kinds; MEDIUM: one, or three possible. */
export function levelOf(window: SessionWindow, at: number): RiskLevel {
  forget(window, at);
  if (window.seen.some(({ score }) => score >= CERTAIN)) return "HIGH";
  const likely = kindsFrom(window, LIKELY);
  if (likely > 1) return "HIGH";
  return likely > 0 || kindsFrom(window, POSSIBLE) > 2 ? "MEDIUM" : "LOW";
}

function kindsFrom({ seen }: SessionWindow, scoreMin: number): number {
  const found = seen.filter(({ score }) => score >= scoreMin);
  return new Set(found.map(({ detector }) => detector)).size;
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

function contradicted(window: SessionWindow, call: Call): readonly Sighting[] {
  if (call.kind === "llm" && call.instructions !== window.instructions) {
    window.instructions = call.instructions;
    window.bans = bansIn(call.instructions);
  }
  const found: Sighting[] = [];
  const deed = call.kind === "tool" ? forbiddenDeed(window.bans, call.name) : undefined;
  if (deed !== undefined) found.push(...sighting("contradiction", `forbidden-${deed}`, 72));
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
  return sighting("contradiction", "memory-overwritten", changed ? NOTED : 0);
}
