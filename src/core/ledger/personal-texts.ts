/**
 * Texts about people, kept beside the ledger so that they can be erased: a record has a token in
 * their place, a keyed hash that says nothing once the text and its key are gone. The chain stays
 * as it is, and whoever is shown text and key can check that the record meant them.
 */
import { impossible } from "../../lib/impossible.ts";
import type { Asked, Entry } from "./entry.ts";
import type { TenantId } from "../units.ts";

export interface PersonalTexts {
  /**
   * The token of a text; the same text of the same person has the same one. Never throws: a text
   * that cannot be kept now gets a token that nobody will ever resolve.
   */
  readonly conceal: (tenant: TenantId, person: string, text: string) => string;
  /** The text, or the token again where it was erased or is none of ours. */
  readonly reveal: (token: string) => string;
}

export const TOKEN_PREFIX = "per_";

/** The change by which an erasure is on the record; it is about the person's token. */
export const PERSON_ERASED = "personal.erased";

/** Records every text as it is: what a ledger without such a store does. */
export const OPENLY: PersonalTexts = {
  conceal: (_tenant, _person, text) => text,
  reveal: (token) => token,
};

/** A record as people are shown it, for as long as the texts are kept. */
export function revealed(entry: Entry, { reveal }: PersonalTexts): Entry {
  switch (entry.kind) {
    case "intent":
      return { ...entry, asked: revealedAsked(entry.asked, reveal) };
    case "outcome":
      return { ...entry, asked: entry.asked && revealedAsked(entry.asked, reveal) };
    case "event": {
      const { user, details } = entry.event;
      const event = {
        ...entry.event,
        user: user && reveal(user),
        details: details && reveal(details),
      };
      return { ...entry, event };
    }
    case "segment":
    case "boot":
    case "recovered":
    case "resumed":
    case "change":
    case "seal":
      return entry;
    default:
      return impossible(entry);
  }
}

function revealedAsked(asked: Asked, reveal: PersonalTexts["reveal"]): Asked {
  const { principal } = asked;
  if (principal?.user === undefined) return asked;
  return { ...asked, principal: { ...principal, user: reveal(principal.user) } };
}
