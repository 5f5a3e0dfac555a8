/** Ledgers in directories of their own, and the hands that tamper with them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LedgerEvent } from "../../src/stores/ledger/ledger-event.ts";
import type { Problem } from "../../src/stores/ledger/check-chain.ts";
import { openLedger, type LedgerOptions } from "../../src/stores/ledger/open-ledger.ts";
import { readEntries } from "../../src/stores/ledger/read-ledger.ts";
import { verifyLedger } from "../../src/stores/ledger/verify-ledger.ts";
import type { Entry } from "../../src/core/ledger/entry.ts";
import type { OpenLedger } from "../../src/stores/ledger/open-ledger.ts";
import type { Digest } from "../../src/core/units.ts";
import { instant } from "../../src/core/units.ts";
import { intentFacts, outcomeFacts } from "../unit/ledger/ledger-facts.ts";

/** Small enough that a few records fill a segment. */
export const SMALL = { segmentBytes: 6000, aheadBytes: 2048 };

export class TestLedger implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), "ledger-"));
  readonly events: LedgerEvent[] = [];
  #now = 1_790_000_000_000;

  open(changes: Partial<LedgerOptions> = {}): Promise<OpenLedger> {
    return openLedger({
      directory: this.directory,
      now: () => instant((this.#now += 1)),
      report: (event) => this.events.push(event),
      ...changes,
    });
  }

  async entries(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const { entry } of readEntries(this.directory)) entries.push(entry);
    return entries;
  }

  async problems(): Promise<Problem[]> {
    const problems: Problem[] = [];
    for await (const report of verifyLedger(this.directory)) problems.push(...report.problems);
    return problems;
  }

  writers(): string[] {
    return readdirSync(this.directory).toSorted();
  }

  /** Paths of all segments, in order. */
  segments(): string[] {
    return this.writers().flatMap((writer) =>
      readdirSync(join(this.directory, writer))
        .filter((name) => /^\d{8}\.jsonl$/u.test(name))
        .toSorted()
        .map((name) => join(this.directory, writer, name)),
    );
  }

  lastSegment(): string {
    return this.segments().at(-1) ?? "";
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The hash of an intent that must have been taken. */
export async function acknowledged(ledger: OpenLedger, exchange: string): Promise<Digest> {
  const verdict = await ledger.intent(intentFacts(exchange));
  if (verdict.kind === "halt") throw new Error(`refused: ${verdict.refusal.code}`);
  return verdict.value;
}

/** Whole exchanges, `concurrency` at a time. */
export async function record(ledger: OpenLedger, count: number, concurrency = 4): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const exchange = `x_${String(index).padStart(5, "0")}`;
      await ledger.outcome(outcomeFacts(exchange, await acknowledged(ledger, exchange)));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, run));
}

/** Whole lines of a file, with their line feeds. */
export function linesOf(path: string): string[] {
  const lines = readFileSync(path, "latin1").split("\n");
  return lines.slice(0, -1).map((line) => `${line}\n`);
}

export function rewrite(path: string, lines: readonly string[]): void {
  writeFileSync(path, lines.join(""), "latin1");
}
