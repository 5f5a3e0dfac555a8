/** A process under load, to be killed: prints each exchange whose intent was acknowledged. */
import { writeSync } from "node:fs";
import { instant } from "../../src/core/units.ts";
import { openLedger } from "../../src/stores/ledger/open-ledger.ts";
import { intentFacts, outcomeFacts } from "../unit/ledger/ledger-facts.ts";

const CONCURRENCY = 16;
const STDOUT = 1;

const [directory = "", round = ""] = process.argv.slice(2);

const ledger = await openLedger({
  directory,
  now: () => instant(Date.now()),
  report: () => {},
  limits: { segmentBytes: 60_000, aheadBytes: 16_384 },
});
writeSync(STDOUT, "ready\n");

let next = 0;
async function run(): Promise<never> {
  for (;;) {
    const exchange = `x_${round}_${(next += 1)}`;
    const verdict = await ledger.intent(intentFacts(exchange));
    if (verdict.kind === "halt") throw new Error(verdict.refusal.code);
    writeSync(STDOUT, `${exchange}\n`);
    void ledger.outcome(outcomeFacts(exchange, verdict.value));
  }
}
await Promise.all(Array.from({ length: CONCURRENCY }, run));
