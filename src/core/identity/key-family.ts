/**
 * Families of keys that callers show. The prefix tells the family at sight, so that a leaked one is
 * found by scanners and a foreign one is never taken for ours.
 */
export const KEY_FAMILIES = {
  /** Native: agents, services and people. */
  spt: { prefix: "spt_", dataPlane: true },
  /** An agent's key (Sanction). */
  pxy: { prefix: "pxy_", dataPlane: true },
  /** A tenant's management key (Sanction). Stripe's keys begin so: never an agent's identity. */
  sk: { prefix: "sk_", dataPlane: false },
  /** A tenant's key (Haldir): acts for an agent through one of its sessions. */
  hld: { prefix: "hld_", dataPlane: true },
  /** A user's key (Action Guard). */
  "sk-vai": { prefix: "sk-vai-", dataPlane: true },
} as const satisfies Record<string, { readonly prefix: string; readonly dataPlane: boolean }>;

export type KeyFamily = keyof typeof KEY_FAMILIES;

export const FAMILY_NAMES = ["spt", "pxy", "sk", "hld", "sk-vai"] as const satisfies KeyFamily[];

/** Prefixes that mean an identity on the data plane, wherever a provider's key would stand. */
const DATA_PLANE_PREFIXES: readonly string[] = Object.values(KEY_FAMILIES)
  .filter(({ dataPlane }) => dataPlane)
  .map(({ prefix }) => prefix);

export function isDataPlaneKey(text: string): boolean {
  for (const prefix of DATA_PLANE_PREFIXES) if (text.startsWith(prefix)) return true;
  return false;
}

/** How much of a key is kept to recognise it by: its prefix and six more characters. */
const SHOWN_CHARS = 6;

export function shownPart(key: string, family: KeyFamily): string {
  return key.slice(0, KEY_FAMILIES[family].prefix.length + SHOWN_CHARS);
}
