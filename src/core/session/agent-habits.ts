/** What an agent usually does, over all its sessions, and what is not like it. */
import type { Call, Sighting } from "./conduct.ts";
import { NOTED } from "./sightings.ts";

/** Names of one agent that are remembered. */
const NAMES_MAX = 512;
/** Calls before anything may be worth a note, and before it counts as unusual. */
const CALLS_NOTED_MIN = 20;
const CALLS_MIN = 100;
const COSTS_MIN = 20;
/** Weight of the newest cost in the mean. */
const SHARE = 0.1;
const DEAR_FACTOR = 8;
/** A cent: below it nothing is dear. */
const DEAR_MIN = 10_000_000;
/** 100 USD at once are worth a note, whatever is usual. */
const NOTED_COST_MIN = 100_000_000_000;
const STRONG =
  /(?:^|[._-])(?:delete|drop|remove|destroy|transfer|pay|send|grant|exec|run|export|publish|deploy|admin|revoke|wipe|purchase|withdraw)/i;

export interface AgentHabits {
  readonly names: Set<string>;
  calls: number;
  costs: number;
  /** Nano-USD. */
  meanCost: number;
}

export function openHabits(): AgentHabits {
  return { names: new Set(), calls: 0, costs: 0, meanCost: 0 };
}

export function noteHabit(habits: AgentHabits, { name, kind }: Call): readonly Sighting[] {
  habits.calls += 1;
  // Paths are without number: only tools and models have names.
  if (kind === "http" || habits.names.has(name)) return [];
  if (habits.names.size < NAMES_MAX) habits.names.add(name);
  if (habits.calls <= CALLS_NOTED_MIN) return [];
  const score = habits.calls <= CALLS_MIN ? NOTED : STRONG.test(name) ? 65 : 45;
  return [{ detector: "behaviour.unusual_tool", signature: "first-use", score }];
}

/** `spend` in nano-USD: what the call names before it is made, and may yet be refused. */
export function noteSpend(spend: number): readonly Sighting[] {
  if (spend <= NOTED_COST_MIN) return [];
  return [{ detector: "behaviour.high_cost", signature: "above-100-usd", score: NOTED }];
}

/** `cost` in nano-USD. */
export function noteCost(habits: AgentHabits, cost: number): readonly Sighting[] {
  if (cost <= 0) return [];
  const { costs, meanCost } = habits;
  habits.costs += 1;
  habits.meanCost = costs === 0 ? cost : meanCost + (cost - meanCost) * SHARE;
  if (costs < COSTS_MIN || cost < DEAR_MIN || cost < meanCost * DEAR_FACTOR) return noteSpend(cost);
  const score = cost < meanCost * DEAR_FACTOR * 3 ? 62 : 82;
  return [{ detector: "behaviour.high_cost", signature: "above-usual", score }];
}
