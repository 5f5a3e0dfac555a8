import type { Answer } from "../core/fault.ts";
import type { Caller } from "../core/identity/caller.ts";
import type { IdentityPorts } from "../core/identity/identity-ports.ts";
import type { QuotaStore } from "../core/identity/quota.ts";
import type { TokenIssuer } from "../core/identity/tokens.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { Digest } from "../core/units.ts";
import type { BootstrapTerms } from "../operations/identity/bootstrap.ts";
import type { KnownAgent } from "../operations/identity/principal-named.ts";
import type { LedgerIndex } from "../core/ledger/ledger-index.ts";
import type { UsageStore } from "../core/money/usage-report.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { BudgetPorts } from "../operations/money/budget-desk.ts";
import type { SubscriptionPorts } from "../operations/notify/subscription-ports.ts";
import type { PolicyPorts } from "../operations/policies/manage-bundles.ts";
import type { RecordingPorts } from "../operations/records/record-event.ts";
import type { ReviewPorts } from "../operations/reviews/change-reviews.ts";
import type { SubjectPorts } from "../operations/reviews/review-subject.ts";
import type { SecretPorts } from "../operations/secrets/secret-ports.ts";
import type { ToolPorts } from "../operations/upstreams/list-tools.ts";
import type { UpstreamPorts } from "../operations/upstreams/manage-upstreams.ts";

/** What every dialect stands on: the operations' ports, the same as the native API's. */
export interface DialectCore {
  readonly version: string;
  readonly identity: {
    readonly ports: IdentityPorts;
    authenticate(credential: string): Promise<Answer<Caller>>;
    readonly tokens: TokenIssuer;
    readonly quotas: QuotaStore;
    /** Agents of the configuration, by name. */
    readonly listedAgents: ReadonlyMap<string, KnownAgent>;
  };
  readonly policies: { readonly ports: PolicyPorts; snapshot(): Promise<PolicySnapshot> };
  readonly budgets: BudgetPorts;
  readonly usage: UsageStore;
  readonly reviews: ReviewPorts & SubjectPorts["reviews"];
  readonly secrets: SecretPorts;
  readonly upstreams: UpstreamPorts & ToolPorts;
  readonly subscriptions: SubscriptionPorts;
  readonly records: { readonly index: LedgerIndex; readonly recording: RecordingPorts };
  readonly gate: Gate;
  readonly vitals: { failed(error: unknown): void };
  /** `api.auth: open`: nobody needs a credential. */
  readonly open: boolean;
  /** Addresses and networks whose `X-Forwarded-For` says who calls. */
  readonly trustedProxies: readonly string[];
  /** Needed for the first key where it is configured. */
  readonly bootstrap: BootstrapTerms;
  /** For what another product's documents set there. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The data plane, asked as any agent asks it: what a dialect calls passes the same stages, holds the
 * same money and leaves the same record.
 */
export interface Gate {
  /** One MCP `tools/call`. Rejects where the data plane cannot be reached. */
  callTool(call: GateCall): Promise<GateAnswer>;
  /**
   * Resolves once the data plane judges by these policies, or after a while without: what somebody
   * has just written must bind their next call.
   */
  inForce(policies: Digest): Promise<void>;
  /** Every tool the caller may use, listed anew from its server. */
  listTools(asking: Omit<GateCall, "tool" | "args">, cursor?: string): Promise<GateAnswer>;
}

export interface GateCall {
  /** The key or token of whoever calls; the data plane proves it again. */
  readonly credential: string;
  /** A session made beforehand, for keys that act through one. */
  readonly session: string | undefined;
  readonly upstream: string;
  readonly tool: string;
  readonly args: JsonObject;
  readonly idempotencyKey?: string | undefined;
}

export type GateAnswer =
  /** What the server said, `isError` of its own included. */
  | { readonly kind: "answered"; readonly result: JsonObject }
  | { readonly kind: "refused"; readonly refusal: GateRefusal };

/** The machine-readable part of a denial. */
export interface GateRefusal {
  /** A code of the refusal table in `src/README.md`. */
  readonly code: string;
  readonly detail: string;
  readonly remedy: string | undefined;
  /** Ids of the rules that made it. */
  readonly rules: readonly string[];
  /** The review that would let it pass. */
  readonly review: string | undefined;
  /** The budget that is short. */
  readonly budget: string | undefined;
  readonly retryAfter: number | undefined;
  readonly exchange: string | undefined;
  readonly data: JsonValue;
}
