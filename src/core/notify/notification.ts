/** What happens at the gate that somebody who is not there wants to hear of. */
import type { Instant, TenantId } from "../units.ts";

/** The names that subscriptions choose from. */
export const EVENT_NAMES = [
  "anomaly",
  "approval_requested",
  "budget_exhausted",
  "budget_threshold",
  "malicious_detected",
  "definition_changed",
  "agent_stopped",
  "approval_decided",
  "approval_expired",
  "escalation",
  "sla_breached",
  "test",
] as const;
export type EventName = (typeof EVENT_NAMES)[number];

/** As the place where it happened tells of it. */
export interface Happening {
  readonly tenant: TenantId;
  readonly event: EventName;
  /**
   * What it happened to, so that nobody hears twice of the same: a budget in one turn, a review, an
   * exchange.
   */
  readonly key: string;
  /** What a reader looks for first: `agent:support-bot`, `budget:llm-day`. */
  readonly subject: string;
  /** One sentence. Never a secret, never text of a request or an answer. */
  readonly summary: string;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

/** As it is stored and sent. */
export interface Notification extends Omit<Happening, "key"> {
  /** The same for the same happening, whichever process saw it: receivers know repetitions by it. */
  readonly id: string;
  readonly at: Instant;
}

/** Told by whoever sees something; never waits, never throws. */
export interface Notifier {
  notify(happening: Happening): void;
}
