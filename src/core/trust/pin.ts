import type { DefinitionHash } from "../units.ts";
import type { DefinitionRef } from "./definition.ts";

/**
 * - `pending`: nobody has approved it yet.
 * - `approved`: what the server says is what was approved.
 * - `changed`: the server says something else than what was approved.
 */
export type Standing = "pending" | "approved" | "changed";

/**
 * - `first_use`: what is seen first is approved, unless something about it is suspicious.
 * - `review`: a person approves each definition.
 * - `locked`: a file in version control says what is approved, and nothing else does.
 */
export const TRUST_MODES = ["first_use", "review", "locked"] as const;

export type TrustMode = (typeof TRUST_MODES)[number];

/** One definition, remembered. Frozen. */
export interface Pin {
  readonly ref: DefinitionRef;
  readonly standing: Standing;
  /** What may be used; undefined: nothing yet. */
  readonly approved: DefinitionHash | undefined;
  /** What the server said last. */
  readonly seen: DefinitionHash;
  /** About what was seen last. */
  readonly suspicions: readonly Suspicion[];
}

/**
 * - `injection`: it gives orders to the model that reads it.
 * - `hidden_text`: it has characters that nobody sees.
 * - `look_alike`: its name could be taken for another one.
 * - `shadowing`: it speaks of another server's tool.
 * - `same_name`: another server has a tool of that name.
 * - `other_words`: clients of the other era are told something else than this.
 */
export const SUSPICIONS = [
  "injection",
  "hidden_text",
  "look_alike",
  "shadowing",
  "same_name",
  "other_words",
] as const;

export interface Suspicion {
  readonly kind: (typeof SUSPICIONS)[number];
  /** One clause, without the suspicious text itself. */
  readonly detail: string;
  /** Whether a person must look before it is used; otherwise it is only shown. */
  readonly holds: boolean;
}

/** What observing a definition changed; undefined: nothing. */
export type PinChange = "first_seen" | "approved" | "changed" | "reverted";

export interface Sighting {
  readonly ref: DefinitionRef;
  readonly seen: DefinitionHash;
  readonly suspicions: readonly Suspicion[];
  readonly trust: TrustMode;
  /** What the file in version control has; heeded in `locked` mode only. */
  readonly locked: DefinitionHash | undefined;
}

export interface Observed {
  readonly pin: Pin;
  readonly change: PinChange | undefined;
}

/** What a sighting makes of a pin. Only a first use approves anything, and only what is clean. */
export function observed(before: Pin | undefined, sighting: Sighting): Observed {
  const { ref, seen, suspicions, trust, locked } = sighting;
  if (trust === "locked") return judged(before, sighting, locked);
  if (before !== undefined) return judged(before, sighting, before.approved);
  if (trust === "review" || suspicions.some(({ holds }) => holds)) {
    return judged(before, sighting, undefined);
  }
  const pin = frozen({ ref, standing: "approved", approved: seen, seen, suspicions });
  return { pin, change: "approved" };
}

function judged(
  before: Pin | undefined,
  { ref, seen, suspicions }: Sighting,
  approved: DefinitionHash | undefined,
): Observed {
  const standing = standingOf(approved, seen);
  if (before?.seen === seen && before.approved === approved) {
    return { pin: before, change: undefined };
  }
  const pin = frozen({ ref, standing, approved, seen, suspicions });
  return { pin, change: changeTo(standing, before) };
}

export function standingOf(approved: DefinitionHash | undefined, seen: DefinitionHash): Standing {
  if (approved === undefined) return "pending";
  return approved === seen ? "approved" : "changed";
}

function changeTo(standing: Standing, before: Pin | undefined): PinChange {
  switch (standing) {
    case "pending":
      return before === undefined ? "first_seen" : "changed";
    case "approved":
      return before === undefined ? "approved" : "reverted";
    case "changed":
      return "changed";
  }
}

function frozen(pin: Pin): Pin {
  return Object.freeze(pin);
}
