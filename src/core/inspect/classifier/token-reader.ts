/** What is known of a text that is being cut into tokens, and of its last tokens. */
import { openSetting, resetSetting, type TokenSetting } from "./token-setting.ts";
import { SEED } from "./word-roles.ts";

/** Features of one token at most. */
const FEATURES_MAX = 16;
/** A token that came among the last so many says nothing new: lists repeat themselves. */
export const REPEAT_REACH = 24;
/** Words back to which the parts that words play are paired. */
export const ROLE_REACH = 5;

/** Kinds of tokens. */
export const NO_TOKEN = 0;
export const WORD_TOKEN = 1;

/** What a token's units are. */
export const SEEN = { SMALL: 1 << 20, CAPITAL: 1 << 21, DIGIT: 1 << 22 } as const;

export interface TokenSink {
  /** `features`: the first `count` are this token's, for the time of the call. */
  token(features: Int32Array, count: number, start: number, end: number): void;
}

export interface TokenReader {
  readonly sink: TokenSink;
  /** What the unfinished token is made of; `NO_TOKEN`: there is none. */
  kind: number;
  start: number;
  length: number;
  hash: number;
  stem: number;
  /** Bits of `SEEN` that its units have, and others. */
  seen: number;
  capitals: number;
  /** Its last unit, where a quotation may end with it. */
  last: number;
  /** Where the token stands. */
  readonly setting: TokenSetting;
  /** Stems of the tokens before, the nearest first. */
  before1: number;
  before2: number;
  before3: number;
  /** Roles of the last words, a ring, and where in it the next goes. */
  readonly roles: Int32Array;
  words: number;
  /** Hashes of the last tokens, a ring, and how many of them end in each byte. */
  readonly recent: Int32Array;
  readonly recentBytes: Uint8Array;
  /** Where in the ring the next goes. */
  turn: number;
  readonly features: Int32Array;
}

export function openTokens(sink: TokenSink): TokenReader {
  return {
    sink,
    kind: NO_TOKEN,
    start: 0,
    length: 0,
    hash: SEED,
    stem: SEED,
    seen: 0,
    capitals: 0,
    last: 0,
    setting: openSetting(),
    before1: SEED,
    before2: SEED,
    before3: SEED,
    roles: new Int32Array(ROLE_REACH),
    words: 0,
    recent: new Int32Array(REPEAT_REACH),
    recentBytes: emptyBytes(new Uint8Array(256)),
    turn: 0,
    features: new Int32Array(FEATURES_MAX),
  };
}

/** As new, for another text. */
export function resetTokens(reader: TokenReader): void {
  reader.kind = NO_TOKEN;
  startToken(reader);
  resetSetting(reader.setting);
  reader.before1 = SEED;
  reader.before2 = SEED;
  reader.before3 = SEED;
  reader.roles.fill(0);
  reader.words = 0;
  reader.recent.fill(0);
  emptyBytes(reader.recentBytes);
  reader.turn = 0;
}

/** Of a ring of nothing but zeros. */
function emptyBytes(bytes: Uint8Array): Uint8Array {
  bytes.fill(0);
  bytes[0] = REPEAT_REACH;
  return bytes;
}

export function startToken(reader: TokenReader): void {
  reader.hash = SEED;
  reader.length = 0;
  reader.seen = 0;
  reader.capitals = 0;
}
