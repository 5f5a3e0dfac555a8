import type { Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { LoginLimiter } from "../../core/identity/login-limits.ts";
import type { OidcClient } from "../../core/identity/oidc.ts";
import type { SessionStore } from "../../core/session/session.ts";
import type { Clearance } from "../../core/identity/directory-entry.ts";
import type { QuotaStore } from "../../core/identity/quota.ts";
import type { TokenIssuer } from "../../core/identity/tokens.ts";
import type { PolicySnapshot } from "../../core/policy/policy-snapshot.ts";
import type { ReplayPolicies } from "../../core/replay/replay-call.ts";
import type { TenantId } from "../../core/units.ts";
import type { DocumentKey } from "../../core/ledger/document-signing.ts";
import type { ExportedFile, LedgerEvidence } from "../../core/ledger/ledger-evidence.ts";
import type { LedgerIndex } from "../../core/ledger/ledger-index.ts";
import type { UsageStore } from "../../core/money/usage-report.ts";
import type { BootstrapTerms } from "../../operations/identity/bootstrap.ts";
import type { PolicyPorts } from "../../operations/policies/manage-bundles.ts";
import type { BudgetPorts } from "../../operations/money/budget-desk.ts";
import type { RetentionPorts } from "../../operations/records/retention.ts";
import type { RecordingPorts } from "../../operations/records/record-event.ts";
import type { SubscriptionPorts } from "../../operations/notify/subscription-ports.ts";
import type { ReviewServices } from "./review-services.ts";
import type { ToolPorts } from "../../operations/upstreams/list-tools.ts";
import type { UpstreamPorts } from "../../operations/upstreams/manage-upstreams.ts";
import type { SecretPorts } from "../../operations/secrets/secret-ports.ts";
import type { Vitals } from "../vitals.ts";

/** What the native API stands on; app supplies it. */
export interface Services {
  readonly version: string;
  readonly vitals: Vitals;
  readonly identity: Identity;
  readonly policies: PolicyDesk;
  readonly budgets: BudgetPorts;
  readonly usage: UsageStore;
  readonly reviews: ReviewServices;
  readonly secrets: SecretPorts;
  readonly upstreams: UpstreamPorts & ToolPorts;
  readonly records: RecordServices;
  readonly subscriptions: SubscriptionPorts;
  /** `api.auth: open`: nobody needs a credential. */
  readonly open: boolean;
  /** Addresses and networks whose `X-Forwarded-For` says who calls. */
  readonly trustedProxies: readonly string[];
  /** Needed for the first key where it is configured. */
  readonly bootstrap: BootstrapTerms;
}

/** The record: looked through, proven, exported, followed. */
export interface RecordServices {
  readonly index: LedgerIndex;
  readonly evidence: LedgerEvidence;
  readonly recording: RecordingPorts;
  readonly retention: RetentionPorts;
  /** Calls `told` after something arrived in the index, until the answer is called. */
  readonly watch: (told: () => void) => () => void;
  readonly signing: ExportSigning;
  /** A file of its own for one export. */
  readonly draftPath: () => string;
  /** Milliseconds that a stream of live events lasts: whoever lost a right loses it with that. */
  readonly streamFor: number;
}

export interface ExportSigning {
  /** SPKI, DER, base64. */
  readonly publicKey: string;
  /** One line of canonical JSON. */
  sign(file: ExportedFile): string;
  /** The same key, for documents. */
  readonly documents: DocumentKey;
}

export interface Identity {
  readonly ports: IdentityPorts;
  authenticate(credential: string): Promise<Answer<Caller>>;
  readonly logins: LoginLimiter;
  readonly tokens: TokenIssuer;
  readonly quotas: QuotaStore;
  /** Marks of agents' sessions, as policy and findings put them. */
  readonly sessions: Pick<SessionStore, "marks" | "clear">;
  readonly oidc: OidcClient;
  /** Where people's browsers reach this API; without a slash at its end. */
  readonly publicUrl: string;
  /** Agents of the configuration, by name. */
  readonly listedAgents: ReadonlyMap<string, ListedAgent>;
}

export interface ListedAgent {
  readonly name: string;
  readonly tenant: TenantId;
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly clearance: Clearance;
  readonly subjects: readonly string[];
}

/** The policies as the gateway has them. */
export interface PolicyDesk {
  readonly ports: PolicyPorts;
  /** Of the operator's files and all bundles. */
  snapshot(): Promise<PolicySnapshot>;
  /** The same, with its rules to be looked at. */
  inForce(): Promise<ReplayPolicies>;
  readonly budgets: BudgetPorts["budgets"];
}
