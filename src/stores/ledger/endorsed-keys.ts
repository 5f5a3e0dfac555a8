/**
 * Which signing keys a trusted one vouches for. A key's first use is a record, `signing_key.used`;
 * one that replaced another carries the other's signature over it.
 */
import { join } from "node:path";
import type { ChangeEntry } from "../../core/ledger/entry.ts";
import { KEY_USED } from "../../core/ledger/retention.ts";
import type { Digest } from "../../core/units.ts";
import { headsOfChain } from "./head-file.ts";
import { chainsOf } from "./read-ledger.ts";
import { changesOf } from "./recorded-removals.ts";
import { endorsementText, readPublicKey, type PublicKey } from "./signing-key.ts";

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
  const uses: ChangeEntry[] = [];
  for (const writer of await chainsOf(directory)) {
    uses.push(...(await changesOf(join(directory, writer), KEY_USED)));
  }
  return uses;
}
