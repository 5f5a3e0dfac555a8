/**
 * Where a token stands: in a quotation, in a block of code, in a text that speaks about attacks. The
 * same words are an instruction in one place and an example in another.
 */

import { SPEECH } from "./word-roles.ts";

export interface TokenSetting {
  /** How the quotation on this line was opened; `PLAIN`: there is none. */
  quote: number;
  /** Between two lines of three backticks. */
  fenced: boolean;
  /** Backticks in a row, and the offset behind the last. */
  ticks: number;
  ticksEnd: number;
  /** How much the text before speaks about attacks: words, each half forgotten after 90 tokens. */
  talk: number;
  /** Words of the quotation so far. */
  said: number;
  /** Where the last word ends that leads to a quotation, or quotation that has been led to. */
  cueEnd: number;
  /** Whether the last quotation is. */
  cued: boolean;
  /** The offset behind the last double sign, and behind the last name of a member and its colon. */
  doubleEnd: number;
  named: number;
}

export const PLAIN = 0;
const DOUBLE = 1;
const BACKTICK = 2;
const SINGLE = 3;
const FENCED = 4;
/** The value of a member, such as `"note": "…"`: data, which nobody quotes. */
const MEMBER = 5;
/** Its sign stands behind the colon, or behind one space. */
const MEMBER_REACH = 2;

/** What one word about attacks adds, and by how many bits a token forgets. */
const TALK_WORD = 1 << 10;
const FADING = 7;
/** Units from a word that leads to a quotation to its first. */
const CUE_REACH = 32;
/** Least talk of the levels 1 to 4. */
const LEVELS = [0.6, 1.4, 2.4, 5].map((words) => words * TALK_WORD);
const TALK_MIN = LEVELS[0] ?? 0;
/** From this level on a text is about attacks; code in it, from the lower one on. */
const ABOUT_ATTACKS = 3;
const CODE_ABOUT_ATTACKS = 1;

/** Before every text. */
const NOWHERE = -1000;

export function openSetting(): TokenSetting {
  return {
    quote: PLAIN,
    fenced: false,
    ticks: 0,
    ticksEnd: -1,
    talk: 0,
    said: 0,
    doubleEnd: -1,
    named: -MEMBER_REACH,
    cueEnd: NOWHERE,
    cued: false,
  };
}

export function resetSetting(setting: TokenSetting): void {
  setting.quote = PLAIN;
  setting.fenced = false;
  setting.ticks = 0;
  setting.ticksEnd = -1;
  setting.talk = 0;
  setting.said = 0;
  setting.doubleEnd = -1;
  setting.named = -MEMBER_REACH;
  setting.cueEnd = NOWHERE;
  setting.cued = false;
}

/** A quotation ends with its line, so that a lone sign opens no long one. */
export function endLine(setting: TokenSetting): void {
  setting.quote = PLAIN;
}

/** What every token does to the setting. */
export function hearToken(setting: TokenSetting): void {
  setting.talk -= setting.talk >> FADING;
}

/** What a word does to it; `speech`: bits of `SPEECH`, `end`: where the word ends. */
export function hearSpeech(setting: TokenSetting, speech: number, end: number): void {
  if ((speech & SPEECH.TALK) !== 0) setting.talk += TALK_WORD;
  if ((speech & SPEECH.CUE) !== 0) setting.cueEnd = end;
}

/** The first word of a quotation begins at `start`. */
export function hearOpening(setting: TokenSetting, start: number): void {
  setting.cued = isBehindCue(setting, start);
}

/** One of the first words of a quotation, up to `end`: whether it is only shown. */
export function hearQuoted(setting: TokenSetting, end: number): boolean {
  // Examples stand beside each other.
  if (setting.cued) setting.cueEnd = end;
  return isLedTo(setting);
}

function isBehindCue({ cueEnd }: TokenSetting, at: number): boolean {
  return at - cueEnd <= CUE_REACH;
}

/** The text leads to this quotation, or speaks about attacks. */
function isLedTo({ cued, talk }: TokenSetting): boolean {
  return cued || talk >= TALK_MIN;
}

/** 0–4 */
export function talkLevel({ talk }: TokenSetting): number {
  if (talk < TALK_MIN) return 0;
  let level = 1;
  while (level < LEVELS.length && talk >= (LEVELS[level] ?? Infinity)) level += 1;
  return level;
}

/** What stands here is an example, as far as the text before tells. */
export function isShown(setting: TokenSetting): boolean {
  const isCode = setting.fenced || setting.quote === BACKTICK;
  return talkLevel(setting) >= (isCode ? CODE_ABOUT_ATTACKS : ABOUT_ATTACKS);
}

/** So many words of a quotation are an example at most: nobody shows a page of orders. */
const SAID_MAX = 30;

/** Counts a word of a quotation: which of the first it is, from 1; 0: none of them. */
export function countSaid(setting: TokenSetting): number {
  if (setting.said >= SAID_MAX || setting.quote === MEMBER) return 0;
  setting.said += 1;
  return setting.said;
}

/** What stands here (`at`, in the whole text) is quoted, and the text leads to the quotation or speaks about attacks. */
export function isExample(setting: TokenSetting, at: number): boolean {
  const quotation = quotationOf(setting);
  if (quotation === PLAIN || quotation === MEMBER || setting.said >= SAID_MAX) return false;
  // Every manual leads to its code; only text about attacks shows some in it.
  if (quotation === FENCED) return setting.talk >= TALK_MIN;
  // Before its first word is over, `cued` still tells of the one before.
  if (setting.said > 0) return isLedTo(setting);
  return setting.talk >= TALK_MIN || isBehindCue(setting, at);
}

/** How the token is set off: a kind of quotation, or code. */
export function quotationOf({ quote, fenced }: TokenSetting): number {
  return quote === PLAIN && fenced ? FENCED : quote;
}

/** Whether the unit may open or close a quotation. */
export function isQuoteSign(unit: number): boolean {
  return unit === APOSTROPHE || quoteKind(unit) !== PLAIN;
}

const APOSTROPHE = 0x27;

/** A word that begins or ends with an apostrophe opens or closes a quotation. */
export function openByWord(setting: TokenSetting, first: number): void {
  if (first !== APOSTROPHE || setting.quote !== PLAIN) return;
  setting.quote = SINGLE;
  setting.said = 0;
}

export function closeByWord(setting: TokenSetting, last: number): void {
  if (last === APOSTROPHE && setting.quote === SINGLE) setting.quote = PLAIN;
}

const COLON = 0x3a;
const DOUBLE_SIGN = 0x22;
const BACKTICK_SIGN = 0x60;
/** So many begin or end a block of code. */
const FENCE_TICKS = 3;

/** The signs `[from, to)` of one token; `base` is the offset of the text's first unit. */
export function passSigns(
  setting: TokenSetting,
  text: string,
  from: number,
  to: number,
  base: number,
): void {
  for (let i = from; i < to; i += 1) {
    const unit = text.charCodeAt(i);
    const kind = quoteKind(unit);
    if (kind === PLAIN) {
      if (unit === COLON && setting.doubleEnd === base + i) setting.named = base + i + 1;
      continue;
    }
    if (kind === DOUBLE) setting.doubleEnd = base + i + 1;
    if (kind === BACKTICK && countTick(setting, base + i) === FENCE_TICKS) {
      setting.fenced = !setting.fenced;
      setting.quote = PLAIN;
      setting.said = 0;
    } else if (setting.quote === PLAIN) {
      const isMember = kind === DOUBLE && base + i - setting.named < MEMBER_REACH;
      setting.quote = isMember ? MEMBER : kind;
      setting.said = 0;
    } else if (setting.quote === kind || (setting.quote === MEMBER && kind === DOUBLE)) {
      setting.quote = PLAIN;
    }
  }
}

function countTick(setting: TokenSetting, offset: number): number {
  setting.ticks = setting.ticksEnd === offset ? setting.ticks + 1 : 1;
  setting.ticksEnd = offset + 1;
  return setting.ticks;
}

/** Folded text has no other quotes. */
function quoteKind(unit: number): number {
  if (unit === DOUBLE_SIGN) return DOUBLE;
  return unit === BACKTICK_SIGN ? BACKTICK : PLAIN;
}
