/** Too much at once: rapid fire, chatter, fan-out. What only asks, reads or works is noted, no more. */
import type { Call, Sighting } from "./conduct.ts";
import { NOTED, scoreAt, sighting, type Steps } from "./sightings.ts";
import type { Noted } from "./session-window.ts";

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
const MINUTE_CALLS: Steps = [[61, NOTED]];

const CHATTER_MS = 120_000;
const MINUTE_MS = 60_000;
const RAPID_MS = 10_000;

const SPREADING = /send|mail|message|post|share|invite|transfer|upload|publish|pay/i;

/** All calls, and those of them that act. */
interface Count {
  all: number;
  acting: number;
}

export function crowded(calls: readonly Noted[], call: Call, now: number): readonly Sighting[] {
  const rapid: Count = { all: 0, acting: 0 };
  const same: Count = { all: 0, acting: 0 };
  let minute = 0;
  const names = new Set<string>();
  const acting = new Set<string>();
  const targets = new Set<number>();
  for (const { name, digest, errand, at } of calls) {
    const age = now - at;
    if (age <= RAPID_MS) add(rapid, errand === "acts");
    if (age <= CHATTER_MS && name === call.name) add(same, errand === "acts");
    if (age > MINUTE_MS) continue;
    minute += 1;
    names.add(name);
    if (errand === "acts") acting.add(name);
    if (name === call.name) targets.add(digest);
  }
  const spreads = call.kind === "tool" && call.errand === "acts" && SPREADING.test(call.name);
  const many: Count = { all: names.size, acting: acting.size };
  return [
    ...sighting("rapid_fire", "many-calls", scoreOf(MANY_CALLS, rapid)),
    ...sighting("rapid_fire", "many-a-minute", scoreAt(MINUTE_CALLS, minute)),
    ...sighting("chatter", "same-name", scoreOf(SAME_NAME, same)),
    ...sighting("fan_out", "many-names", scoreOf(MANY_NAMES, many)),
    ...sighting("fan_out", "many-targets", spreads ? scoreAt(MANY_TARGETS, targets.size) : 0),
  ];
}

function add(count: Count, acts: boolean): void {
  count.all += 1;
  if (acts) count.acting += 1;
}

function scoreOf(steps: Steps, { all, acting }: Count): number {
  return Math.max(scoreAt(steps, acting), Math.min(NOTED, scoreAt(steps, all)));
}
