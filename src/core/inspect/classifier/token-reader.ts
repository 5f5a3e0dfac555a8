/** What is known of a text that is being cut into tokens, and of its last tokens. */
import type { TokenBatch } from "./token-batch.ts";
import { openSetting, resetSetting, type TokenSetting } from "./token-setting.ts";
import { SEED } from "./word-roles.ts";

/** A token that came among the last so many says nothing new: lists repeat themselves. */
export const REPEAT_REACH = 24;
/** Words back to which the parts that words play are paired. */
export const ROLE_REACH = 5;
/** There are fewer roles than these can tell. */
export const ROLE_BITS = 6;
/** Slots by which a token is told from the last ones without a search. */
const RECENT_SLOTS = 512;

/** No token is unfinished. */
export const NO_TOKEN = 0;

export interface TokenSink {
  /** The tokens with their features, for the time of the call. */
  take(tokens: TokenBatch): void;
}

export interface TokenReader {
  readonly sink: TokenSink;
  /** What the unfinished token is made of; `NO_TOKEN`: there is none. */
  kind: number;
  start: number;
  hash: number;
  /** The hash of its first units, once it has so many. */
  stem: number;
  /** What its units are. */
  seen: number;
  capitals: number;
  /** Its last unit so far, if there is a sign of quotation in it. */
  last: number;
  /** Where the token stands. */
  readonly setting: TokenSetting;
  /** Stems of the tokens before, the nearest first. */
  before1: number;
  before2: number;
  before3: number;
  /** Roles of the last words, a ring in one number, and where in it the next goes. */
  roles: number;
  words: number;
  /** Hashes of the last tokens, a ring, and where in it the next goes. */
  readonly recent: Int32Array;
  turn: number;
  /** By slot: how many hashes of the ring have it, and where the newest of them is or was. */
  readonly recentCounts: Uint8Array;
  readonly recentPlaces: Uint8Array;
}

export function openTokens(sink: TokenSink): TokenReader {
  return {
    sink,
    kind: NO_TOKEN,
    start: 0,
    hash: SEED,
    stem: SEED,
    seen: 0,
    capitals: 0,
    last: 0,
    setting: openSetting(),
    before1: SEED,
    before2: SEED,
    before3: SEED,
    roles: 0,
    words: 0,
    recent: new Int32Array(REPEAT_REACH),
    turn: 0,
    recentCounts: countsOfZeros(new Uint8Array(RECENT_SLOTS)),
    recentPlaces: new Uint8Array(RECENT_SLOTS),
  };
}

/** As new, for another text. */
export function resetTokens(reader: TokenReader): void {
  reader.kind = NO_TOKEN;
  resetSetting(reader.setting);
  reader.before1 = SEED;
  reader.before2 = SEED;
  reader.before3 = SEED;
  reader.roles = 0;
  reader.words = 0;
  reader.recent.fill(0);
  reader.turn = 0;
  countsOfZeros(reader.recentCounts);
}

/** Of a ring of nothing but zeros. */
function countsOfZeros(counts: Uint8Array): Uint8Array {
  counts.fill(0);
  counts[0] = REPEAT_REACH;
  return counts;
}

/** Whether the hash is one of the last tokens; if not, it is from now on. */
export function isRepeated(reader: TokenReader, hash: number): boolean {
  const { recent, recentCounts, recentPlaces, turn } = reader;
  const slot = hash & (RECENT_SLOTS - 1);
  if (recentCounts[slot] !== 0) {
    if (recent[recentPlaces[slot] ?? 0] === hash) return true;
    for (let i = 0; i < REPEAT_REACH; i += 1) if (recent[i] === hash) return true;
  }
  const oldest = (recent[turn] ?? 0) & (RECENT_SLOTS - 1);
  recentCounts[oldest] = (recentCounts[oldest] ?? 0) - 1;
  recentCounts[slot] = (recentCounts[slot] ?? 0) + 1;
  recentPlaces[slot] = turn;
  recent[turn] = hash;
  return false;
}
