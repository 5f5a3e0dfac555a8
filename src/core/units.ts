declare const unit: unique symbol;
type Unit<T, U extends string> = T & { readonly [unit]: U };

/** Integer 10⁻⁹ US dollars. Exact to 2^53, so the largest amount is 9,007,199 USD. */
export type NanoUsd = Unit<number, "nUSD">;
/** An interval in milliseconds. Never a timestamp. */
export type Millis = Unit<number, "ms">;
/** A point in time: milliseconds since 1970-01-01T00:00:00Z. Never an interval. */
export type Instant = Unit<number, "ms since epoch">;
/** Lower-case hex SHA-256, of canonical JSON (RFC 8785) unless the field says otherwise. */
export type Digest = Unit<string, "sha256">;

/** Algorithm and SHA-256 of an MCP definition: `v1:…` (core/trust/definition.ts). */
export type DefinitionHash = Unit<string, "DefinitionHash">;

export type ExchangeId = Unit<string, "ExchangeId">;
/** One try of an exchange to set money aside: `exc_…:1`. */
export type AttemptId = Unit<string, "AttemptId">;
export type AgentId = Unit<string, "AgentId">;
export type TenantId = Unit<string, "TenantId">;
export type SessionId = Unit<string, "SessionId">;
export type BudgetId = Unit<string, "BudgetId">;
export type RuleId = Unit<string, "RuleId">;
export type ReviewId = Unit<string, "ReviewId">;
export type TaskId = Unit<string, "TaskId">;
export type SecretName = Unit<string, "SecretName">;
export type UpstreamName = Unit<string, "UpstreamName">;

export const NANO_USD_MAX = 2 ** 53 - 1;

/** Throws RangeError for a fraction, a negative or an inexact number. */
export function nanoUsd(n: number): NanoUsd {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`not a nano-USD amount: ${n}`);
  return n as NanoUsd;
}

/** Throws RangeError for a fraction or a negative. */
export function millis(n: number): Millis {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`not an interval in ms: ${n}`);
  return n as Millis;
}

/** Throws RangeError for a fraction or a negative. */
export function instant(n: number): Instant {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`not an instant: ${n}`);
  return n as Instant;
}

/** Attempts count from 1; each sets money aside anew, under a name of its own. */
export function attemptId(exchange: ExchangeId, n: number): AttemptId {
  return `${exchange}:${n}` as AttemptId;
}

/** Brands a string that its producer has checked: ids are made at one border each. */
export function id<T extends Unit<string, string>>(text: string): T {
  return text as T;
}
