/** Stage 8 of 11. The intent is durable before the first byte goes upstream (promise 1). */
import type { Facts } from "../core/evidence.ts";
import type { Ledger } from "../core/ledger/ledger.ts";
import type { Digest } from "../core/units.ts";
import type { Verdict } from "../core/verdict.ts";

export function open(facts: Facts, ledger: Ledger): Promise<Verdict<Digest>> {
  return ledger.intent(facts);
}
