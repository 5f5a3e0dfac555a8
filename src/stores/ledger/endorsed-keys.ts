/**
 * Which signing keys a trusted one vouches for. A key's first use is a record, `signing_key.used`;
 * one that replaced another carries the other's signature over it.
 */
import { join } from "node:path";
import type { ChangeEntry } from "../../core/ledger/entry.ts";
import type { Digest } from "../../core/units.ts";
import { headsOfChain } from "./head-file.ts";
import { lineAt } from "./segment-lines.ts";
import { chainsOf, readLine, readSegment, segmentsOf } from "./read-ledger.ts";
import { endorsementText, readPublicKey, type PublicKey } from "./signing-key.ts";

/** The change that names a signing key. */
export const KEY_USED = "signing_key.used";

export async function endorsedKeys(
  directory: string,
  trusted: readonly PublicKey[],
): Promise<ReadonlyMap<Digest, PublicKey>> {
  const keys = new Map(trusted.map((key) => [key.id, key]));
  const uses = await keyUses(directory);
  // Keys may be endorsed in any order of chains: until nobody new is vouched for.
  for (let before = 0; before < keys.size;) {
    before = keys.size;
    for (const { detail } of uses) {
      const next = endorsedBy(keys, detail);
      if (next !== undefined) keys.set(next.id, next);
    }
  }
  return keys;
}

function endorsedBy(
  keys: ReadonlyMap<Digest, PublicKey>,
  { public_key: spki, endorsed_by: by, endorsement }: ChangeEntry["detail"],
): PublicKey | undefined {
  if (typeof spki !== "string" || typeof endorsement !== "string") return undefined;
  const voucher = [...keys.values()].find(({ id }) => id === by);
  if (voucher?.verifies(endorsementText(spki), endorsement) !== true) return undefined;
  try {
    return readPublicKey(spki);
  } catch {
    return undefined;
  }
}

/** Looks at the heads alone: whoever has signed one has said before who it is. */
export async function isKeyRecorded(directory: string, key: Digest): Promise<boolean> {
  for (const writer of await chainsOf(directory)) {
    const heads = await headsOfChain(join(directory, writer));
    if (heads.some(({ head }) => head?.key === key)) return true;
  }
  return false;
}

async function keyUses(directory: string): Promise<readonly ChangeEntry[]> {
  const needle = Buffer.from(`"change":"${KEY_USED}"`);
  const uses: ChangeEntry[] = [];
  for (const writer of await chainsOf(directory)) {
    const chain = join(directory, writer);
    for (const number of await segmentsOf(chain)) {
      const segment = await readSegment(chain, number);
      for (let at = segment.indexOf(needle); at !== -1; at = segment.indexOf(needle, at + 1)) {
        const found = lineAt(segment, segment.lastIndexOf("\n", at) + 1);
        const entry = found.kind === "line" ? readLine(found.line)?.entry : undefined;
        if (entry?.kind === "change") uses.push(entry);
      }
    }
  }
  return uses;
}
