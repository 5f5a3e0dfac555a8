/** What one LLM operation is on its wire: how its request reads and how its answer speaks. */
import type { JsonObject } from "../../core/json.ts";
import { NO_DEMAND, type Demand } from "../../core/money/demand.ts";
import type { ServiceTier } from "../../core/money/service-tier.ts";
import type { UsageApi } from "../../core/money/usage-reader.ts";
import type { Metering } from "../../pipeline/ask.ts";
import type { StatusWire } from "../refusals/refusal-status.ts";
import type { RequestHead } from "../wire.ts";
import type { EventCodec } from "./event-codec.ts";
import type { EventReader } from "./event-reader.ts";
import type { MemberEdit } from "../set-members.ts";

/** Constant; one per operation of a dialect. */
export interface Operation {
  /** As policy files name it: `chat`, `responses`, `messages`, `generate`, `embeddings`, … */
  readonly name: string;
  readonly bills: Metering["bills"];
  readonly usage: UsageApi | undefined;
  /** Undefined: a request without a body. */
  readonly request: RequestGrammar | undefined;
  /** Top-level members of an answer that repeat the request: not the model's words. */
  readonly repeated: ReadonlySet<string>;
  /** How its streams are framed. */
  readonly codec: EventCodec;
  /** A fresh reader for one streamed answer. */
  readEvents(): EventReader;
}

export interface RequestGrammar {
  /** Members that decide; the same name in other letters is refused, because readers differ. */
  readonly judged: ReadonlySet<string>;
  read(body: JsonObject, endpoint: Endpoint): RequestReading;
  /** What must change in the body. */
  edits(body: JsonObject, facts: RequestFacts, caps: Caps): readonly MemberEdit[];
}

/** What policy allows; undefined where the client's own bound is as small. */
export interface Caps {
  readonly outputTokens: number | undefined;
  /** Calls of the provider's own tools. */
  readonly toolCalls: number | undefined;
  /** Price list of the upstream: a member's name differs between servers of one dialect. */
  readonly provider: string;
}

export type RequestReading =
  | { readonly kind: "ok"; readonly facts: RequestFacts }
  | { readonly kind: "problem"; readonly message: string };

export interface RequestFacts {
  readonly model: string;
  readonly stream: boolean;
  readonly outputTokens: number | undefined;
  /** A cap of zero asks for no output. */
  readonly zeroIsCap: boolean;
  readonly choices: number;
  readonly demand: Demand;
  /** The client wants the usage chunk that is forced on. */
  readonly wantsUsage: boolean;
}

/** Of requests that say no more than their model. */
export const BARE_FACTS: RequestFacts = {
  model: "",
  stream: false,
  outputTokens: undefined,
  zeroIsCap: false,
  choices: 1,
  demand: NO_DEMAND,
  wantsUsage: true,
};

/** Where one request goes, read from its path alone. */
export interface Endpoint {
  readonly operation: Operation;
  /** Path and query below the upstream's prefix. */
  readonly target: string;
  /** The model, where the path names it; it outranks the body. */
  readonly model: string | undefined;
  /** What stands in `target` round the model, where it can be another's. */
  readonly aroundModel?: { readonly before: string; readonly after: string } | undefined;
  /** Whether the answer is streamed, where the path says so. */
  readonly stream: boolean;
  /** The price list, where the head of the request names it. */
  readonly tier?: ServiceTier | undefined;
}

export interface Dialect {
  readonly wire: StatusWire;
  route(head: RequestHead): Routing;
}

export type Routing =
  | { readonly kind: "known"; readonly endpoint: Endpoint }
  | { readonly kind: "unknown" }
  | { readonly kind: "problem"; readonly message: string };
