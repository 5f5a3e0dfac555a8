import type { Facts } from "../evidence.ts";
import type { Change, ReportedEvent } from "./entry.ts";
import type { Digest } from "../units.ts";
import type { Verdict } from "../verdict.ts";

/** The append-only record. One writer per process; one chain per writer. */
export interface Ledger {
  /**
   * Makes the intent durable (fsync) and answers with its hash. Halts with `ledger_unavailable`
   * when it cannot: then nothing may be forwarded. Never rejects.
   */
  intent(facts: Facts): Promise<Verdict<Digest>>;
  /**
   * Appends the outcome, also of refused exchanges that never had an intent: those are written at
   * once, since an agent waits for them. Resolves when it is durable, or when the first attempt to
   * write it failed: it is then kept (bounded) and written when the disk is back, and a refusal
   * does not hang as long as the disk does. Never rejects.
   */
  outcome(facts: Facts): Promise<void>;
  /**
   * Appends what was changed beside the traffic. Resolves with whether it is durable; where the
   * disk refuses it is kept and tried again, and this waits. Never rejects.
   */
  change(change: Change): Promise<boolean>;
  /** Appends what happened elsewhere, on the word of whoever tells it. As `change`. */
  event(event: ReportedEvent): Promise<boolean>;
  /**
   * Signs a tree head over what is recorded by now. Undefined where this process signs none. Never
   * rejects.
   */
  signHead?(): Promise<void>;
  /** Whether the last write succeeded; `/readyz` reports it. */
  readonly healthy: boolean;
}
