/** Records about the chain itself: who wrote it, what was repaired, where a segment begins. */
import type { Instant } from "../units.ts";
import type { AbandonedChain, Cut, OpenIntent } from "./entry.ts";
import { digits, list, quote } from "./json-text.ts";

/** Intents that may be open at once in one chain: a segment's first record names them all. */
export const OPEN_INTENTS_MAX = 16_384;

/** Damaged chains that one boot record names. */
const ABANDONED_MAX = 64;

export function segmentBody(number: number, open: readonly OpenIntent[], at: Instant): string {
  return (
    `{"at":${digits(at)},"kind":"segment","number":${number}` +
    `,"open":${list(open, OPEN_INTENTS_MAX, openIntent)}`
  );
}

function openIntent({ exchange, intent }: OpenIntent): string {
  return `{"exchange":${quote(exchange)},"intent":"${intent}"}`;
}

export function bootBody(abandoned: readonly AbandonedChain[], at: Instant): string {
  return (
    `{"abandoned":${list(abandoned, ABANDONED_MAX, abandonedChain)}` +
    `,"at":${digits(at)},"kind":"boot"`
  );
}

function abandonedChain({ writer, number, offset }: AbandonedChain): string {
  return `{"number":${number},"offset":${offset},"writer":${quote(writer)}}`;
}

export function recoveredBody({ number, offset, bytes, sha256 }: Cut, at: Instant): string {
  return (
    `{"at":${digits(at)},"cut":{"bytes":${bytes},"number":${number}` +
    `,"offset":${offset},"sha256":"${sha256}"},"kind":"recovered"`
  );
}

export interface Outage {
  readonly cause: string;
  readonly intentsRefused: number;
  readonly outcomesLost: number;
}

export function resumedBody(outage: Outage, at: Instant): string {
  return (
    `{"at":${digits(at)},"cause":${quote(outage.cause)}` +
    `,"intents_refused":${outage.intentsRefused},"kind":"resumed"` +
    `,"outcomes_lost":${outage.outcomesLost}`
  );
}

export function sealBody(openIntents: number, at: Instant): string {
  return `{"at":${digits(at)},"kind":"seal","open_intents":${openIntents}`;
}
