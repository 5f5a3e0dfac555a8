/**
 * How the limits that were asked stand, as fields of the answer: what may be taken, in which time,
 * and what is left of it.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
import type { RateLimit } from "../../core/decision.ts";
import type { RateStanding } from "../../core/money/rate.ts";
import { impossible } from "../../lib/impossible.ts";

export interface RateLimitFields {
  readonly "ratelimit-policy": string;
  readonly ratelimit: string;
}

/** Undefined where no limit was asked. */
export function rateLimitFields(standings: readonly RateStanding[]): RateLimitFields | undefined {
  if (standings.length === 0) return undefined;
  const policies: string[] = [];
  const states: string[] = [];
  for (const { claim, left, resetsIn } of standings) {
    const { limit } = claim;
    const { name, unit, scale } = quotaOf(limit);
    const window = limit.kind === "places" ? "" : `;w=${limit.per / 1000}`;
    policies.push(`"${name}";q=${scaled(limit.allowance, scale)}${window};qu="${unit}"`);
    const reset = limit.kind === "places" ? "" : `;t=${Math.ceil(resetsIn / 1000)}`;
    states.push(`"${name}";r=${scaled(left, scale)}${reset}`);
  }
  return { "ratelimit-policy": policies.join(", "), ratelimit: states.join(", ") };
}

interface Quota {
  /** Rule ids are letters, digits and `._-`, so the name needs no escaping (RFC 9651 §3.3.3). */
  readonly name: string;
  readonly unit: string;
  readonly scale: number;
}

function quotaOf(limit: RateLimit): Quota {
  const { rule } = limit;
  if (limit.kind === "places") {
    return { name: `${rule}.concurrent`, unit: "concurrent-requests", scale: 1 };
  }
  const seconds = `${limit.per / 1000}s`;
  switch (limit.counts) {
    case "requests":
      return { name: `${rule}.requests.${seconds}`, unit: "requests", scale: 1 };
    case "tokens":
      return { name: `${rule}.tokens.${seconds}`, unit: "tokens", scale: 1 };
    case "nano_usd":
      // Structured fields have integers of 15 digits, nano-USD have up to 16.
      return { name: `${rule}.spend.${seconds}`, unit: "micro-usd", scale: 1000 };
    default:
      return impossible(limit.counts);
  }
}

function scaled(amount: number, scale: number): number {
  return Math.min(Math.floor(amount / scale), 999_999_999_999_999);
}
