import type { Adjustment, Outcome, Scan, Tunnel } from "../evidence.ts";
import type { Finding } from "../inspect/finding.ts";
import type { BudgetUnit } from "../money/budget.ts";
import type { PricedUsage } from "../money/priced-usage.ts";
import type { Principal } from "../principal.ts";
import type { ShadowVerdict } from "../decision.ts";
import type {
  DefinitionHash,
  Digest,
  ExchangeId,
  Instant,
  Millis,
  NanoUsd,
  ReviewId,
  RuleId,
  TenantId,
} from "../units.ts";

/** One record of the ledger as it is read back. */
export type Entry =
  | IntentEntry
  | OutcomeEntry
  | SegmentEntry
  | BootEntry
  | RecoveredEntry
  | ResumedEntry
  | ChangeEntry
  | EventEntry
  | SealEntry;

/** What every record has: its place in its writer's chain. */
export interface Link {
  readonly writer: string;
  readonly seq: number;
  readonly prev: Digest;
  readonly at: Instant;
}

/** Written and fsynced before the first byte goes upstream. */
export interface IntentEntry extends Link {
  readonly kind: "intent";
  readonly exchange: ExchangeId;
  readonly asked: Asked;
  readonly checked: Checked;
}

/** How an exchange ended. Refused ones that never had an intent carry `asked` themselves. */
export interface OutcomeEntry extends Link {
  readonly kind: "outcome";
  readonly exchange: ExchangeId;
  /** Hash of the intent's record. */
  readonly intent: Digest | undefined;
  readonly asked: Asked | undefined;
  /** Undefined where nobody knows: the writer died before it could say. */
  readonly checked: Checked | undefined;
  /** Whether the first byte may have gone upstream; undefined where nobody knows. */
  readonly dispatched: boolean | undefined;
  /** Label of the secret that was borrowed from the vault, such as `openai@2`. */
  readonly credential: string | undefined;
  readonly answerStatus: number | undefined;
  readonly cost: PricedUsage | undefined;
  /** Money that the call itself named and spent, beside what metering came to. */
  readonly named: NanoUsd | undefined;
  readonly duration: Millis | undefined;
  /** `unknown`: the writer died between intent and outcome; written at the next start. */
  readonly outcome: Outcome | { readonly kind: "unknown" };
  readonly tunnel?: Tunnel | undefined;
}

/** First record of every segment: the intents still open, so a start reads one segment only. */
export interface SegmentEntry extends Link {
  readonly kind: "segment";
  readonly number: number;
  readonly open: readonly OpenIntent[];
}

export interface OpenIntent {
  readonly exchange: ExchangeId;
  readonly intent: Digest;
}

/** A process took the chain over. */
export interface BootEntry extends Link {
  readonly kind: "boot";
  /** Chains it found damaged and left as they were. */
  readonly abandoned: readonly AbandonedChain[];
}

export interface AbandonedChain {
  readonly writer: string;
  readonly number: number;
  readonly offset: number;
}

/** A torn tail was cut off at start. */
export interface RecoveredEntry extends Link {
  readonly kind: "recovered";
  readonly cut: Cut;
}

export interface Cut {
  /** Segment and byte where the cut was made, and what was removed. */
  readonly number: number;
  readonly offset: number;
  readonly bytes: number;
  readonly sha256: Digest;
}

/** Writing works again after it had failed. */
export interface ResumedEntry extends Link {
  readonly kind: "resumed";
  /** The first error's code, e.g. `ENOSPC`. */
  readonly cause: string;
  readonly intentsRefused: number;
  /** Refusals that found no room in memory while nothing could be written. */
  readonly outcomesLost: number;
}

/** Something that was settled beside the traffic: a definition approved, a budget set, a key made. */
export interface ChangeEntry extends Link, Change {
  readonly kind: "change";
}

export interface Change {
  /** Subject and verb: `definition.approved`, `budget.set`. */
  readonly change: string;
  /** What was changed: `crm.send_email`, `agent:support-bot`. */
  readonly about: string;
  /** The person, or `sallyport` where nobody had to decide. */
  readonly by: string;
  /** Never a secret. */
  readonly detail: ChangeDetail;
}

/** A deed that did not go through the gate; somebody with a key told of it. */
export interface EventEntry extends Link {
  readonly kind: "event";
  readonly event: ReportedEvent;
}

export interface ReportedEvent {
  readonly id: string;
  readonly tenant: TenantId;
  /** What was done, in the teller's words: `send_email`. */
  readonly action: string;
  readonly agent: string | undefined;
  readonly session: string | undefined;
  readonly user: string | undefined;
  readonly upstream: string | undefined;
  readonly tool: string | undefined;
  readonly model: string | undefined;
  readonly cost: NanoUsd | undefined;
  readonly flagged: boolean;
  readonly reason: string | undefined;
  /** Free text. */
  readonly details: string | undefined;
  readonly data: ChangeDetail;
  /** Whose key told of it. */
  readonly by: string;
}

export type ChangeDetail = Readonly<Record<string, string | number | boolean>>;

/** Orderly end of the process. */
export interface SealEntry extends Link {
  readonly kind: "seal";
  readonly openIntents: number;
}

/** What was asked and what policy said. `undefined`: the exchange did not get that far. */
export interface Asked {
  readonly upstream: string;
  readonly wire: string;
  readonly method: string;
  readonly path: string;
  readonly policy: Digest | undefined;
  readonly principal: Principal | undefined;
  readonly action: RecordedAction | undefined;
  /** Hash of the MCP definition that was approved. */
  readonly definition: DefinitionHash | undefined;
  readonly decision: RecordedDecision | undefined;
  readonly review: ReviewId | undefined;
  readonly reservation: RecordedReservation | undefined;
  readonly adjusted: Adjustment | undefined;
}

/** An action without anybody's text: arguments as a digest, a query as its names. */
export type RecordedAction =
  | {
      readonly kind: "llm";
      readonly operation: string;
      readonly model: string;
      readonly stream: boolean;
      readonly outputTokens: number | undefined;
    }
  | {
      readonly kind: "tool";
      readonly tool: string;
      /** Of the arguments' canonical JSON. */
      readonly argsSha256: Digest;
      readonly argsBytes: number;
      /** The meta-tools that it was called through, the innermost first. */
      readonly via: readonly string[];
    }
  | {
      readonly kind: "http";
      readonly method: string;
      readonly host: string;
      readonly path: string;
      readonly queryNames: readonly string[];
      readonly special: string | undefined;
    }
  | { readonly kind: "mcp"; readonly method: string; readonly name: string | undefined };

export interface RecordedDecision {
  readonly kind: "allow" | "conditional" | "escalate" | "deny";
  readonly because: readonly RuleId[];
  readonly approvers: readonly string[];
  readonly unmet: readonly string[];
  readonly marks: readonly string[];
  readonly outputTokens: number | undefined;
  readonly shadow: readonly ShadowVerdict[];
}

export type RecordedReservation =
  | { readonly kind: "unmetered" }
  | { readonly kind: "held"; readonly holds: readonly RecordedHold[] };

export interface RecordedHold {
  readonly budget: string;
  readonly key: string;
  readonly unit: BudgetUnit;
  readonly amount: number;
  readonly resetsAt: Instant | undefined;
}

/** What was looked at, and what was seen. */
export interface Checked {
  readonly findings: readonly Finding[];
  /** How many more there were than a record keeps. */
  readonly findingsOmitted: number;
  readonly request: Scan;
  /** Undefined in an intent. */
  readonly response: Scan | undefined;
}
