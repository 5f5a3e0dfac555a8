import type { Directory } from "../core/directory.ts";
import type { AliasBooks } from "../core/inspect/aliases.ts";
import type { OpenEndStore } from "../core/inspect/secret-splicer.ts";
import type { Judge } from "../core/inspect/opinions.ts";
import type { Ledger } from "../core/ledger/ledger.ts";
import type { BudgetStore, Hold } from "../core/money/budget.ts";
import type { ThresholdCrossing } from "../core/money/thresholds.ts";
import type { PriceCatalogue } from "../core/money/price.ts";
import type { TokenCounter } from "../core/money/token-counter.ts";
import type { RateStore } from "../core/money/rate.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { ReviewAwaiting } from "../core/review/awaiting.ts";
import type { ReviewStore } from "../core/review/review-store.ts";
import type { ConductStore } from "../core/session/conduct.ts";
import type { SessionStore } from "../core/session/session.ts";
import type { SchemaChecks } from "../core/trust/schema-checks.ts";
import type { DefinitionStore } from "../core/trust/definition-store.ts";
import type { Vault } from "../core/secret/vault.ts";
import type { Stop } from "../core/identity/stop.ts";
import type { Principal } from "../core/principal.ts";
import type { Instant } from "../core/units.ts";
import type { Facts } from "../core/evidence.ts";
import type { RefusalCode } from "../core/refusal.ts";

/** The ports the pipeline asks. Opened once in app/ports/open-ports.ts; nothing here changes at run time. */
export interface Ports {
  readonly directory: Directory;
  readonly policies: { current(): PolicySnapshot };
  readonly sessions: SessionStore;
  readonly conduct: ConductStore;
  readonly aliases: AliasBooks;
  readonly openEnds: OpenEndStore<Principal>;
  /** Undefined where none is configured. */
  readonly judge: Judge | undefined;
  readonly definitions: DefinitionStore;
  readonly schemas: SchemaChecks;
  readonly prices: PriceCatalogue;
  readonly tokens: TokenCounter;
  readonly budgets: BudgetStore;
  readonly rates: RateStore;
  readonly reviews: ReviewStore;
  readonly awaiting: ReviewAwaiting;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly gate: Gatekeeper;
  /** Undefined where nobody watches over looks. */
  readonly looks?: LookWatch | undefined;
  readonly observer: Observer;
  readonly now: () => Instant;
  /** Monotonic milliseconds, for durations. */
  monotonic(): number;
}

/** Is told whose request or answer is looked at, in case the look never ends. */
export interface LookWatch {
  begin(facts: Facts, side: LookSide): void;
  end(): void;
}

/** A message goes through a tunnel that is open already. */
export type LookSide = "request" | "answer" | "message";

/** Process-wide state that stage 2 respects. */
export interface Gatekeeper {
  readonly draining: boolean;
  /** False while nobody knows who is stopped: the store that says so was not read yet. */
  readonly informed: boolean;
  /** The stop that stands for this principal, the narrowest first. */
  stopped(principal: Principal): Stop | undefined;
}

/** Told of every closed exchange, exactly once; log lines and counters are made from it. */
export interface Observer {
  closed(facts: Facts): void;
  bug(error: unknown, about: Pick<Facts, "exchange" | "upstream">): void;
  /** A call did not fit into what is left of a budget, whatever became of it. */
  budgetExhausted(hold: Hold, left: number): void;
  /** A call's settled cost took a budget to or past one of its `notify_at` percentages. */
  budgetThreshold(crossing: ThresholdCrossing): void;
  /** A request that never became an exchange: nothing of it is on the record. */
  turnedAway(code: RefusalCode): void;
}
