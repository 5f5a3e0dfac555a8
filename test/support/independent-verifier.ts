/**
 * A second reading of the ledger's format, from its description alone: imports nothing of
 * Sallyport, so that both verifiers being wrong in the same way is unlikely. Memory is the ledger's size.
 */
import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Head {
  readonly chains: readonly { writer: string; size: number; root: string }[];
  readonly root: string;
  readonly key: string;
  readonly signature: string;
}

/** Everything that is wrong with a ledger; `kept` are heads that were stored elsewhere. */
export function faultsOf(directory: string, publicKeyPem: string, kept: string[] = []): string[] {
  const key = createPublicKey(publicKeyPem);
  const faults: string[] = [];
  const leaves = new Map<string, Buffer[]>();
  const lines = [...kept];
  for (const writer of readdirSync(directory).filter((name) => name.startsWith("w_"))) {
    const names = readdirSync(join(directory, writer)).toSorted();
    const segments = names.filter((name) => /^\d{8}\.jsonl$/u.test(name));
    if (segments.some((name, at) => Number(name.slice(0, 8)) !== at + 1)) {
      faults.push(`${writer}: a segment is missing`);
    }
    const bytes = segments.map((name) => readFileSync(join(directory, writer, name)));
    leaves.set(writer, chainLeaves(writer, bytes, faults));
    if (names.includes("heads.jsonl")) {
      const text = readFileSync(join(directory, writer, "heads.jsonl"), "utf8");
      lines.push(...text.split("\n").slice(0, -1));
    }
  }
  if (lines.length === 0) faults.push("no head is there for the key to vouch");
  for (const line of lines) checkHead(line, key, leaves, faults);
  return faults;
}

/** Follows the chain of one writer; answers with the leaf of each record. */
function chainLeaves(writer: string, segments: Buffer[], faults: string[]): Buffer[] {
  const leaves: Buffer[] = [];
  let prev = "0".repeat(64);
  for (const [at, segment] of segments.entries()) {
    const end = segment.lastIndexOf("\n") + 1;
    const rest = segment.subarray(end);
    if (rest.some((byte) => byte !== 0)) faults.push(`${writer}: segment ${at + 1} has a torn end`);
    if (rest.length > 0 && at < segments.length - 1) faults.push(`${writer}: a gap`);
    for (const line of segment.subarray(0, end).toString("latin1").split("\n").slice(0, -1)) {
      const match = /^\{"hash":"([0-9a-f]{64})","record":(\{.*\})\}$/u.exec(line);
      const [, stated = "", text = ""] = match ?? [];
      const raw = Buffer.from(text, "latin1");
      const place = `${writer}: record ${leaves.length}`;
      const hash = sha256(raw);
      if (match === null || hash.toString("hex") !== stated) faults.push(`${place} was changed`);
      const record = recordOf(raw);
      if (record["prev"] !== prev) faults.push(`${place} does not follow`);
      if (record["seq"] !== leaves.length) faults.push(`${place} has another number`);
      if (record["writer"] !== writer) faults.push(`${place} is of another chain`);
      prev = stated;
      leaves.push(leaf(hash));
    }
  }
  return leaves;
}

function recordOf(raw: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(raw.toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function checkHead(
  line: string,
  key: KeyObject,
  leaves: ReadonlyMap<string, Buffer[]>,
  faults: string[],
): void {
  // Canonical JSON: the signature is the only member behind `root`, before `v`.
  const signed = line.replace(/,"signature":"[^"]*"/u, "");
  const head = recordOf(Buffer.from(line)) as unknown as Head;
  if (!Array.isArray(head.chains)) {
    faults.push("a line of heads cannot be read");
    return;
  }
  const text = Buffer.from(`sallyport tree head v1\n${signed}`);
  const signature = Buffer.from(String(head.signature), "base64");
  const asWritten = signature.toString("base64") === head.signature;
  if (!asWritten || !verify(null, text, key, signature)) {
    faults.push("a head is not signed by the key");
    return;
  }
  const trees = head.chains.map(({ root, size, writer }) =>
    leaf(Buffer.from(JSON.stringify({ root, size, writer }))),
  );
  if (treeRoot(trees).toString("hex") !== head.root) faults.push("a head's root is wrong");
  for (const { writer, size, root } of head.chains) {
    const all = leaves.get(writer) ?? [];
    if (all.length < size)
      faults.push(`${writer}: ${size} records were signed, ${all.length} are there`);
    else if (treeRoot(all.slice(0, size)).toString("hex") !== root) {
      faults.push(`${writer}: the first ${size} records are not those that were signed`);
    }
  }
}

/** RFC 9162 §2.1.1. */
function treeRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = treeRoot(leaves.slice(0, split));
  return sha256(Buffer.concat([Buffer.of(1), left, treeRoot(leaves.slice(split))]));
}

function leaf(entry: Buffer): Buffer {
  return sha256(Buffer.concat([Buffer.of(0), entry]));
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
