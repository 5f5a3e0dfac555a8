import type { Instant } from "../units.ts";
import type { Principal } from "../principal.ts";
import type { Errand } from "./errand.ts";

/** How a session has behaved within its window. */
export const RISK_LEVELS = ["LOW", "MEDIUM", "HIGH"] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

/** One thing that stands out in what a session does. */
export interface Sighting {
  /** `behaviour.loop`, … as policy files write it. */
  readonly detector: string;
  readonly signature: string;
  /** 0–100. */
  readonly score: number;
}

/** A call as far as behaviour is concerned. */
export interface Call {
  /** `upstream.tool`, a model, or method and path. */
  readonly name: string;
  readonly kind: "llm" | "tool" | "http" | "mcp";
  readonly errand: Errand;
  /** Of everything that makes it this call and no other. */
  readonly digest: number;
  /** What an LLM call was told to do and not to do; empty for other calls. */
  readonly instructions: string;
  /** Nano-USD that the call itself names; 0 for all but payments. */
  readonly spend: number;
  /** What a call writes into a memory, by the name it has there. */
  readonly memory: readonly (readonly [name: string, statement: string])[];
}

export interface CallEnd {
  readonly name: string;
  readonly failed: boolean;
  /** Whoever was asked wants to be asked again later, which is no error of the agent's. */
  readonly later: boolean;
  /** Equal where the answers look the same from outside; undefined: there was none. */
  readonly answer: number | undefined;
  /** Nano-USD. */
  readonly cost: number;
  /** What was found in it or its answer. */
  readonly found: readonly Sighting[];
}

export interface Conduct {
  readonly level: RiskLevel;
  /** What stands out in this very call. */
  readonly sightings: readonly Sighting[];
}

/** What sessions did lately. Bounded; a session nobody hears of is forgotten, and starts anew. */
export interface ConductStore {
  /** Notes the call. Synchronous: every exchange that policy watches asks. */
  observe(principal: Principal, call: Call, at: Instant): Conduct;
  /** Whether anybody was observed since the start. */
  readonly watching: boolean;
  /** Of a session that was observed; others are none of its business. */
  ended(principal: Principal, end: CallEnd, at: Instant): void;
}
