import type { Observed, Pin } from "./pin.ts";

/** A definition as a server lists it now, beside what was known of it. */
export interface Sighted {
  readonly before: Pin | undefined;
  readonly made: Observed;
  readonly text: string;
  /** Whether the other era's clients are told the very same: it stands as theirs does. */
  readonly isTwin: boolean;
}

export function byName(sightings: readonly Sighted[]): ReadonlyMap<string, Pin> {
  return new Map(sightings.map(({ made: { pin } }) => [pin.ref.name, pin]));
}

/** Whether all definitions stand as they did, by their keys. */
export function agree(before: ReadonlyMap<string, Pin>, now: ReadonlyMap<string, Pin>): boolean {
  if (before.size !== now.size) return false;
  for (const [key, { seen, approved }] of now) {
    const known = before.get(key);
    if (known?.seen !== seen || known.approved !== approved) return false;
  }
  return true;
}
