/**
 * Pages of the index among a million records: `node test/bench/ledger-query.ts [records]`. The
 * records are made in bulk and brought in as the feed brings them. Budget: newest page ≤ 20 ms.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kysely } from "kysely";
import {
  DEEDS,
  everythingOf,
  type LedgerFilter,
  type LedgerIndex,
} from "../../src/core/ledger/ledger-index.ts";
import { parseEntry } from "../../src/core/ledger/parse-entry.ts";
import { GENESIS, splitLine } from "../../src/core/ledger/record-chain.ts";
import { intentBody, outcomeBody } from "../../src/core/ledger/record-exchange.ts";
import { id, instant, type TenantId } from "../../src/core/units.ts";
import type { ReadRecord } from "../../src/stores/ledger/read-onward.ts";
import { takePiece } from "../../src/stores/ledger-index/feed-index.ts";
import { MIGRATIONS, type IndexTables } from "../../src/stores/ledger-index/index-schema.ts";
import { SqlLedgerIndex } from "../../src/stores/ledger-index/sql-ledger-index.ts";
import { openDatabase } from "../../src/stores/sqlite/database.ts";
import { nodeSqliteDialect } from "../../src/stores/sqlite/kysely-dialect.ts";
import { chainRecord } from "../support/chain-record.ts";
import { intentFacts, outcomeFacts } from "../unit/ledger/ledger-facts.ts";

const BUDGET_MS = 20;
const RECORDS = Number(process.argv[2] ?? 1_000_000);
const PIECE = 500;
const BEGUN = 1_790_000_000_000;
const AGENTS = 40;
const TENANT: TenantId = id("default");
const WRITER = `w_${"0".repeat(26)}`;

function recordsFrom(first: number): ReadRecord[] {
  return Array.from({ length: PIECE }, (_one, index) => recordAt(first + index));
}

function recordAt(seq: number): ReadRecord {
  const exchange = `exc_${String(seq >> 1).padStart(26, "0")}`;
  const at = instant(BEGUN + seq * 40);
  const isRefused = seq % 20 === 1;
  const principal = {
    ...intentFacts(exchange).principal,
    agent: id<never>(`agent-${(seq >> 1) % AGENTS}`),
    session: id<never>(`session-${seq >> 7}`),
    tenant: TENANT,
    team: undefined,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "api_key",
  } as const;
  const outcome = isRefused
    ? ({ kind: "refused", code: "policy_denied", detail: "no rule allows it" } as const)
    : ({ kind: "completed", status: 200, bytes: 1200 } as const);
  const findings = seq % 200 === 1 ? outcomeFacts(exchange, GENESIS).findings : [];
  const body =
    seq % 2 === 0
      ? intentBody(intentFacts(exchange, { at, principal }))
      : outcomeBody(outcomeFacts(exchange, GENESIS, { principal, outcome, findings }), at);
  const { hash, line } = chainRecord(body, { seq, prev: GENESIS }, WRITER);
  const text = Buffer.from(splitLine(Buffer.from(line).subarray(0, -1))?.record ?? []).toString();
  const entry = parseEntry(JSON.parse(text));
  if (entry === undefined) throw new Error("the bench writes a record that cannot be read");
  return { entry, hash, text };
}

/** The median of what it takes, after a first look that warms caches up. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  await work();
  for (let round = 0; round < 15; round += 1) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return times.toSorted((a, b) => a - b)[7] ?? 0;
}

const CASES: Readonly<Record<string, Partial<LedgerFilter>>> = {
  "newest page": {},
  "newest page of deeds": { only: { kind: [...DEEDS] } },
  "newest page of one agent": { only: { agent: ["agent-7"] } },
  "newest page of one session": { only: { session: ["session-3000"] } },
  "newest page of one code": { only: { code: ["policy_denied"] } },
  "newest flagged": { flagged: true },
  "an hour, three months ago": { from: instant(BEGUN), to: instant(BEGUN + 3_600_000) },
  "a text that nearly all have": { text: "openai" },
};

async function ask(index: LedgerIndex, filter: Partial<LedgerFilter>, after?: string) {
  const all = everythingOf(TENANT);
  return index.page({ ...all, ...filter, order: "newest", after, limit: 50 });
}

const directory = mkdtempSync(join(tmpdir(), "sallyport-bench-index-"));
try {
  const file = join(directory, "index.db");
  const database = new Kysely<IndexTables>({
    dialect: nodeSqliteDialect(openDatabase(file, MIGRATIONS)),
  });
  const begun = performance.now();
  let feeding = 0;
  for (let seq = 0; seq < RECORDS; seq += PIECE) {
    const records = recordsFrom(seq);
    const piece = { number: 1, offset: seq };
    const began = performance.now();
    await takePiece(database, {
      writer: WRITER,
      records,
      from: seq === 0 ? { number: 1, offset: 0 } : piece,
      position: { number: 1, offset: seq + PIECE },
    });
    feeding += performance.now() - began;
  }
  const took = (performance.now() - begun) / 1000;
  const megabytes = statSync(file).size / 1e6;
  console.log(`${RECORDS} records in ${took.toFixed(0)} s, ${megabytes.toFixed(0)} MB`);
  console.log(`brought in at ${Math.round((RECORDS / feeding) * 1000)} records/s`);
  const index = new SqlLedgerIndex(database);
  let slowest = 0;
  for (const [name, filter] of Object.entries(CASES)) {
    const took = await timed(() => ask(index, filter));
    slowest = Math.max(slowest, took);
    console.log(`${name.padEnd(32)} ${took.toFixed(2)} ms`);
  }
  const deep = `${BEGUN + RECORDS * 20}.0`;
  console.log(
    `${"a page half way down".padEnd(32)} ${(await timed(() => ask(index, {}, deep))).toFixed(2)} ms`,
  );
  const tally = () =>
    index.tally({ ...everythingOf(TENANT), groups: ["day", "agent"], max: 1_000 });
  console.log(`${"sums of all by day and agent".padEnd(32)} ${(await timed(tally)).toFixed(0)} ms`);
  await database.destroy();
  console.log(slowest <= BUDGET_MS ? `within ${BUDGET_MS} ms` : `over ${BUDGET_MS} ms`);
  process.exitCode = slowest <= BUDGET_MS ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
