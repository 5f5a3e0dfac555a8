/**
 * Where a token stands: in a quotation, in a block of code, in a text that speaks about attacks. The
 * same words are an instruction in one place and an example in another.
 */

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
}

export const PLAIN = 0;
const DOUBLE = 1;
const BACKTICK = 2;
const SINGLE = 3;
const FENCED = 4;

/** What one word about attacks adds, and by how many bits a token forgets. */
const TALK_WORD = 1 << 10;
const FADING = 7;
/** Least talk of the levels 1 to 4. */
const LEVELS = [0.6, 1.4, 2.4, 5].map((words) => words * TALK_WORD);
const TALK_MIN = LEVELS[0] ?? 0;
/** From this level on a text is about attacks; code in it, from the lower one on. */
const ABOUT_ATTACKS = 3;
const CODE_ABOUT_ATTACKS = 1;

export function openSetting(): TokenSetting {
  return { quote: PLAIN, fenced: false, ticks: 0, ticksEnd: -1, talk: 0 };
}

export function resetSetting(setting: TokenSetting): void {
  setting.quote = PLAIN;
  setting.fenced = false;
  setting.ticks = 0;
  setting.ticksEnd = -1;
  setting.talk = 0;
}

/** A quotation ends with its line, so that a lone sign opens no long one. */
export function endLine(setting: TokenSetting): void {
  setting.quote = PLAIN;
}

export function hearToken(setting: TokenSetting, isTalk: boolean): void {
  setting.talk -= setting.talk >> FADING;
  if (isTalk) setting.talk += TALK_WORD;
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
  if (first === APOSTROPHE && setting.quote === PLAIN) setting.quote = SINGLE;
}

export function closeByWord(setting: TokenSetting, last: number): void {
  if (last === APOSTROPHE && setting.quote === SINGLE) setting.quote = PLAIN;
}

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
    const kind = quoteKind(text.charCodeAt(i));
    if (kind === PLAIN) continue;
    if (kind === BACKTICK && countTick(setting, base + i) === FENCE_TICKS) {
      setting.fenced = !setting.fenced;
      setting.quote = PLAIN;
    } else if (setting.quote === PLAIN) setting.quote = kind;
    else if (setting.quote === kind) setting.quote = PLAIN;
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
