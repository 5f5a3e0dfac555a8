import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  consistencyLine,
  flawOfConsistency,
  parseConsistency,
} from "../../src/core/ledger/consistency-proof.ts";
import { flawOf, parseProof, proofLine } from "../../src/core/ledger/record-proof.ts";
import { headText, parseHead, type ChainTree } from "../../src/core/ledger/tree-head.ts";
import { id, type Digest } from "../../src/core/units.ts";
import { proveConsistency } from "../../src/stores/ledger/prove-consistency.ts";
import { proveRecord } from "../../src/stores/ledger/prove-record.ts";
import { checkHeads, collectHeads, treesOf } from "../../src/stores/ledger/signed-heads.ts";
import {
  loadSigningKey,
  openSigningKey,
  readPublicKey,
  rotateSigningKey,
  type PublicKey,
} from "../../src/stores/ledger/signing-key.ts";
import { verifyLedger } from "../../src/stores/ledger/verify-ledger.ts";
import { faultsOf } from "../support/independent-verifier.ts";
import { linesOf, record, rewrite, TestLedger } from "./ledger-fixture.ts";
import { chainRecord } from "../support/chain-record.ts";

const anotherRoot = (tree: ChainTree): ChainTree => ({ ...tree, root: id("0".repeat(64)) });
const LIMITS = { segmentBytes: 150_000, aheadBytes: 8192 };
const EVERY = 3_600_000;

/** A ledger of 1,000 records in two chains, with four heads, and the heads that were sent away. */
class SignedLedger extends TestLedger {
  readonly home = mkdtempSync(join(tmpdir(), "ledger-key-"));
  readonly keyPath = join(this.home, "key.pem");
  readonly key = openSigningKey(this.keyPath);
  readonly sent: string[] = [];

  openSigned(every = EVERY): ReturnType<TestLedger["open"]> {
    const key = loadSigningKey(this.keyPath);
    const publish = (line: string): void => void this.sent.push(line);
    return this.open({
      limits: LIMITS,
      heads: { key, keyPath: this.keyPath, every, publish, settle: async () => {} },
    });
  }

  async fill(): Promise<void> {
    const [first, second] = [await this.openSigned(), await this.openSigned()];
    await record(first, 200, 16);
    await first.signHead();
    await record(second, 150, 16);
    await second.signHead();
    await record(first, 150, 16);
    await second.seal();
    await first.seal();
  }

  publicPem(): string {
    const key = createPublicKey({
      key: Buffer.from(this.key.spki, "base64"),
      format: "der",
      type: "spki",
    });
    return key.export({ type: "spki", format: "pem" }).toString();
  }

  /** What our verifier says, with everything it can be given. */
  async found(kept: readonly string[] = [], trusted: readonly PublicKey[] = [this.key]) {
    const path = join(this.home, "kept.jsonl");
    writeFileSync(path, kept.map((line) => `${line}\n`).join(""));
    const sources = await collectHeads(this.directory, kept.length === 0 ? [] : [path]);
    const { problems } = await checkHeads(this.directory, sources, trusted);
    const all = [...problems];
    for await (const report of verifyLedger(this.directory, { trees: treesOf(sources) })) {
      all.push(...report.problems);
    }
    return all;
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    rmSync(this.home, { recursive: true, force: true });
  }
}

it("a chain that begins has its first head long before the interval is over", async () => {
  using test = new SignedLedger();
  const ledger = await test.openSigned(60_000);
  await record(ledger, 1, 1);
  await expect.poll(() => test.sent.length).toBe(1);
  await ledger.seal();
});

describe("a ledger of 1,000 records with signed heads", () => {
  const test = new SignedLedger();
  const backup = mkdtempSync(join(tmpdir(), "ledger-backup-"));

  beforeAll(async () => {
    await test.fill();
    cpSync(test.directory, backup, { recursive: true });
  });
  afterAll(() => {
    test[Symbol.dispose]();
    rmSync(backup, { recursive: true, force: true });
  });

  /** Both verifiers' findings while the ledger is as `change` leaves it. */
  async function after(change: () => void, kept: string[] = []) {
    try {
      change();
      const independent = faultsOf(test.directory, test.publicPem(), kept);
      return { ours: await test.found(kept), independent };
    } finally {
      rmSync(test.directory, { recursive: true });
      cpSync(backup, test.directory, { recursive: true });
    }
  }

  const segment = fc.nat().map((seed) => {
    const all = test.segments();
    return all[seed % all.length] ?? "";
  });

  it("is whole for both verifiers", async () => {
    const lines = test.segments().flatMap(linesOf);
    expect(lines.length).toBeGreaterThanOrEqual(1000);
    expect(test.sent).toHaveLength(4);
    const { ours, independent } = await after(() => {}, test.sent);
    expect(ours).toEqual([]);
    expect(independent).toEqual([]);
  });

  it("shows every flipped byte of records and of heads", async () => {
    const heads = test.writers().map((writer) => join(test.directory, writer, "heads.jsonl"));
    const file = fc.nat().chain((seed) => {
      const all = [...test.segments(), ...heads];
      return fc.constant(all[seed % all.length] ?? "");
    });
    await fc.assert(
      fc.asyncProperty(
        file,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (path, seed, mask) => {
          const bytes = readFileSync(path);
          const offset = seed % bytes.length;
          // The last line feed of heads: without it the line is one that a crash cut.
          fc.pre(!path.endsWith("heads.jsonl") || offset < bytes.length - 1);
          const { ours, independent } = await after(() => {
            bytes[offset] = (bytes[offset] ?? 0) ^ mask;
            writeFileSync(path, bytes);
          });
          expect(ours.length).toBeGreaterThan(0);
          expect(independent.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("shows a sign of a signature that a reader of base64 passes over", async () => {
    const path = join(test.directory, test.writers()[0] ?? "", "heads.jsonl");
    const { ours, independent } = await after(() => {
      writeFileSync(path, readFileSync(path, "utf8").replace('=="', '=<"'));
    });
    expect(ours.length).toBeGreaterThan(0);
    expect(independent.length).toBeGreaterThan(0);
  });

  it("shows removed, swapped and repeated records", async () => {
    const deed = fc.constantFrom("remove", "swap", "repeat");
    await fc.assert(
      fc.asyncProperty(segment, fc.nat(), deed, async (path, seed, how) => {
        const lines = linesOf(path);
        const at = seed % (lines.length - 1);
        const { ours, independent } = await after(() => {
          if (how === "remove") lines.splice(at, 1);
          if (how === "swap") lines.splice(at, 2, lines[at + 1] ?? "", lines[at] ?? "");
          if (how === "repeat") lines.splice(at, 0, lines[at] ?? "");
          rewrite(path, lines);
        });
        expect(ours.length).toBeGreaterThan(0);
        expect(independent.length).toBeGreaterThan(0);
      }),
      { numRuns: 40 },
    );
  });

  it("names the records of a tail that was cut off", async () => {
    const path = test.lastSegment();
    const lines = linesOf(path);
    const { ours, independent } = await after(() => rewrite(path, lines.slice(0, -3)));
    expect(ours.map(({ kind }) => kind)).toEqual(["tail_cut"]);
    expect(ours[0]?.detail).toMatch(/signed .* are gone/u);
    expect(independent.join()).toContain("were signed");
  });

  it("shows a chain that was made anew from a record on, whole in itself", async () => {
    const [path = ""] = test.segments();
    const { ours, independent } = await after(() => rechain(test, path, 40));
    expect(ours.map(({ kind }) => kind)).toContain("root_mismatch");
    expect(independent.join()).toContain("not those that were signed");
  });

  it("shows that nothing vouches for the records once all heads are gone", async () => {
    const { ours, independent } = await after(() => {
      for (const writer of test.writers()) rmSync(join(test.directory, writer, "heads.jsonl"));
    });
    expect(ours.map(({ kind }) => kind)).toEqual(["no_head"]);
    expect(independent).toEqual(["no head is there for the key to vouch"]);
  });

  it("shows a rollback of everything to an earlier state by the heads that were sent away", async () => {
    const [writer = ""] = test.writers();
    const heads = join(test.directory, writer, "heads.jsonl");
    const rollback = (): void => {
      const [earliest = ""] = readFileSync(heads, "utf8").split("\n");
      const size = JSON.parse(earliest).chains[0].size as number;
      for (const other of test.writers().slice(1))
        rmSync(join(test.directory, other), { recursive: true });
      let left = size;
      for (const path of test.segments()) {
        const lines = linesOf(path);
        rewrite(path, lines.slice(0, left));
        left = Math.max(0, left - lines.length);
        if (linesOf(path).length === 0) rmSync(path);
      }
      writeFileSync(heads, `${earliest}\n`);
    };
    const blind = await after(rollback);
    expect(blind.ours).toEqual([]);
    expect(blind.independent).toEqual([]);
    const { ours, independent } = await after(rollback, test.sent);
    expect(ours.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["tail_cut", "missing_chain"]),
    );
    expect(independent.length).toBeGreaterThan(0);
  });

  it("shows heads that another key signed", async () => {
    using other = new SignedLedger();
    const [writer = ""] = test.writers();
    const path = join(test.directory, writer, "heads.jsonl");
    const { ours, independent } = await after(() => {
      const [line = ""] = readFileSync(path, "utf8").split("\n");
      const { signature: _, ...head } = JSON.parse(line);
      const forged = { ...head, key: other.key.id };
      const signature = other.key.sign(headText(forged));
      writeFileSync(path, `${JSON.stringify({ ...forged, signature })}\n`);
    });
    expect(ours.map(({ kind }) => kind)).toContain("unknown_key");
    expect(independent).toContain("a head is not signed by the key");
  });

  it("proves single records to whoever has the public key alone", async () => {
    for (const writer of test.writers()) {
      for (const seq of [0, 1, 77, 128, 255]) {
        const proving = await proveRecord(test.directory, writer, seq);
        if (proving.kind !== "proved") throw new Error(proving.kind);
        const read = parseProof(JSON.parse(proofLine(proving.proof)));
        if (read === undefined) throw new Error("the proof cannot be read back");
        expect(flawOf(read)).toBeUndefined();
        const key = readPublicKey(test.publicPem());
        expect(key.verifies(headText(read.head), read.head.signature)).toBe(true);
        expect(flawOf({ ...read, record: read.record.replace('"at":1', '"at":2') })).toMatch(
          /hash/u,
        );
        expect(flawOf({ ...read, seq: seq + 1 })).toMatch(/somewhere else/u);
        expect(flawOf({ ...read, path: read.path.slice(1) })).toMatch(/path/u);
      }
    }
    const [writer = ""] = test.writers();
    expect(await proveRecord(test.directory, writer, 1_000_000)).toEqual({ kind: "no_record" });
  });

  it("proves that it only grew since any head that was kept", async () => {
    for (const line of test.sent) {
      const kept = parseHead(JSON.parse(line));
      if (kept === undefined) throw new Error("a head cannot be read back");
      const growth = await proveConsistency(test.directory, kept);
      if (growth.kind !== "consistent") throw new Error(growth.kind);
      const read = parseConsistency(JSON.parse(consistencyLine(growth.proof)));
      if (read === undefined) throw new Error("the proof cannot be read back");
      expect(flawOfConsistency(read)).toBeUndefined();
      const other = { ...read.from, chains: read.from.chains.map(anotherRoot) };
      expect(flawOfConsistency({ ...read, from: other })).toMatch(/does not begin/u);
      expect(flawOfConsistency({ ...read, paths: [] })).toMatch(/says nothing/u);
    }
  });

  it("does not prove growth from what it never was, nor from what is longer", async () => {
    const kept = parseHead(JSON.parse(test.sent[0] ?? ""));
    if (kept === undefined) throw new Error("a head cannot be read back");
    const forged = { ...kept, chains: kept.chains.map(anotherRoot) };
    expect(await proveConsistency(test.directory, forged)).toMatchObject({ kind: "inconsistent" });
    const longer = { ...kept, chains: kept.chains.map((tree) => ({ ...tree, size: 1_000_000 })) };
    expect(await proveConsistency(test.directory, longer)).toEqual({ kind: "no_later_head" });
  });
});

describe("a chain that is continued", () => {
  it("goes on from its last head, and proofs span the restarts", async () => {
    using test = new SignedLedger();
    for (let start = 0; start < 3; start += 1) {
      const ledger = await test.openSigned();
      await record(ledger, 40, 8);
      await ledger.seal();
    }
    expect(test.writers()).toHaveLength(1);
    expect(await test.found(test.sent)).toEqual([]);
    expect(faultsOf(test.directory, test.publicPem(), test.sent)).toEqual([]);
  });

  it("grows the same tree when its heads are lost", async () => {
    using test = new SignedLedger();
    const ledger = await test.openSigned();
    await record(ledger, 40, 8);
    await ledger.seal();
    const [writer = ""] = test.writers();
    rmSync(join(test.directory, writer, "heads.jsonl"));
    const again = await test.openSigned();
    await record(again, 10, 4);
    await again.seal();
    expect(await test.found(test.sent)).toEqual([]);
  });

  it("has a key that replaces another vouched for on the record", async () => {
    using test = new SignedLedger();
    const before = await test.openSigned();
    await record(before, 10, 4);
    await before.seal();
    rotateSigningKey(test.keyPath);
    const after = await test.openSigned();
    await record(after, 10, 4);
    await after.seal();
    expect(loadSigningKey(test.keyPath).id).not.toBe(test.key.id);
    expect(await test.found(test.sent)).toEqual([]);
    const stranger = openSigningKey(join(test.home, "stranger.pem"));
    const found = await test.found(test.sent, [stranger]);
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(["unknown_key"]));
    expect(existsSync(test.keyPath)).toBe(true);
  });
});

/** Changes record `from` and makes everything behind it anew, as an intruder with the files would. */
function rechain(test: TestLedger, first: string, from: number): void {
  const [writer = ""] = test.writers();
  let prev: Digest | undefined;
  let seq = 0;
  for (const path of test.segments().filter((one) => one.includes(writer))) {
    const lines = linesOf(path).map((line) => {
      const { hash, record: read } = JSON.parse(Buffer.from(line, "latin1").toString("utf8"));
      if (seq < from && path === first) {
        seq += 1;
        prev = id(hash);
        return line;
      }
      const text = JSON.stringify(seq === from ? { ...read, at: read.at + 1 } : read);
      const body = text.slice(0, text.indexOf(',"prev":'));
      const made = chainRecord(body, { seq, prev: prev ?? id(read.prev) }, writer);
      seq += 1;
      prev = made.hash;
      return Buffer.from(made.line).toString("latin1");
    });
    rewrite(path, lines);
  }
}
