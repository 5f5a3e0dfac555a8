/**
 * The agents that the configuration lists. Keys are known by their SHA-256 only; a key has at least
 * 128 random bits, so a plain hash of it cannot be reversed by trying, as one of a password could.
 */
import { hash } from "node:crypto";
import type { Agent, Directory } from "../core/directory.ts";
import { id, type TenantId } from "../core/units.ts";

export interface AgentEntry {
  readonly name: string;
  /** Lower-case hex. Several, so that a key can be replaced without a gap. */
  readonly keysSha256: readonly string[];
  readonly team: string | undefined;
  readonly user?: string | undefined;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Keys whose hash is remembered: many more than agents have keys in force at once. */
export const KEY_CACHE_MAX = 1_024;

/** Longer keys are refused unhashed. */
const KEY_CHARS_MAX = 512;

/** Throws RangeError for a key that two agents share, or a loopback agent that is not listed. */
export function createConfigDirectory(
  entries: readonly AgentEntry[],
  loopback: string | undefined,
  tenant: TenantId,
  accepts: readonly string[] = [],
): Directory {
  const byName = new Map<string, Agent>();
  const byHash = new Map<string, Agent>();
  for (const { name, keysSha256, team, user, tags = {} } of entries) {
    const agent: Agent = { id: id(name), tenant, team, user, tags };
    byName.set(name, agent);
    for (const sha256 of keysSha256) {
      if (byHash.has(sha256)) throw new RangeError(`two agents share a key: ${name}`);
      byHash.set(sha256, agent);
    }
  }
  const loopbackAgent = loopback === undefined ? undefined : byName.get(loopback);
  if (loopback !== undefined && loopbackAgent === undefined) {
    throw new RangeError(`no such agent: ${loopback}`);
  }
  return { byKey: cachedLookup(byHash), accepts: new Set(accepts), loopbackAgent };
}

/**
 * Look-ups need no constant time: what they compare is a hash of what the caller sent, and how far
 * that agrees with a stored hash says nothing about any key. Only keys that are right are
 * remembered, so that guesses cannot push them out.
 */
function cachedLookup(byHash: ReadonlyMap<string, Agent>): Directory["byKey"] {
  const known = new Map<string, Agent>();
  return (key) => {
    const cached = known.get(key);
    if (cached !== undefined) return cached;
    if (key.length > KEY_CHARS_MAX) return undefined;
    const agent = byHash.get(hash("sha256", key, "hex"));
    if (agent === undefined) return undefined;
    if (known.size >= KEY_CACHE_MAX) known.clear();
    known.set(key, agent);
    return agent;
  };
}
