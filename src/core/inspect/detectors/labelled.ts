/**
 * What a text is called says what it is: a JSON member `"password": "…"`, a header, a form field.
 * Keys and values are texts of their own, so no pattern over one text can see both.
 */
import { MORE, type Hit } from "../signature.ts";
import { phraseOf } from "./secret-phrase.ts";
import { judgeValue } from "./secret-generic.ts";
import { NAME_DETECTOR, wholeName } from "./pii-name.ts";
import { isPlaceholder } from "./secret-value.ts";

export interface Labelled {
  readonly detector: string;
  readonly names: RegExp;
  /** Judges the whole value. */
  readonly match: (value: string) => Hit | undefined;
}

const SECRET_DETECTOR = "secret";
const PASSWORD_MIN = 8;
const PASSWORD_MAX = 128;
const KEY_MAX = 512;

export const LABELLED: readonly Labelled[] = [
  {
    detector: SECRET_DETECTOR,
    names:
      /(?:^|[_.-])(?:pass(?:word|wd|phrase|code)|pwd|secret)$|[a-z](?:Password|Passphrase|Secret)$/,
    match: passwordOf,
  },
  {
    detector: SECRET_DETECTOR,
    names:
      /(?:api|access|private|secret|signing|encryption|account|auth|license|master|service)[_.-]?key$|(?<!(?:next|page|csrf|xsrf|cursor|sync|continuation|max)[_.-]?)token$|credentials?$|^(?:proxy-)?authorization$|^cookie$/i,
    match: keyOf,
  },
  {
    detector: SECRET_DETECTOR,
    names: /(?:mnemonic|(?:seed|recovery|secret|backup|wallet)[_-]?(?:phrase|words)|^seed)$/i,
    match: phraseOf,
  },
  {
    detector: NAME_DETECTOR,
    names:
      /^(?:full|first|last|given|family|middle|patient|customer|client|employee|contact|cardholder|holder|beneficiary|recipient|sender)_?name$|^surname$|^(?:card|account)_?holder$/i,
    match: wholeName,
  },
];

/** People choose passwords: two kinds of signs, and none of the ways to write "insert yours here". */
function passwordOf(value: string): Hit | undefined {
  if (value.length < PASSWORD_MIN || value.length > PASSWORD_MAX) return undefined;
  if (!/^[\x21-\x7e]+$/.test(value) || /^[<{$[%*(]|\.\.\.|^https?:/.test(value)) return undefined;
  if (!/\d|[^\w.-]/.test(value) || !/[a-z]/i.test(value) || isPlaceholder(value)) return undefined;
  return whole("labelled-password", value, 75);
}

function keyOf(value: string): Hit | undefined {
  const from = /^(?:bearer|basic|token) /i.exec(value)?.[0].length ?? 0;
  if (value.length - from > KEY_MAX) return undefined;
  const found = judgeValue(value, from, value.length);
  return found === undefined || found === MORE
    ? undefined
    : { ...found, signature: "labelled-key" };
}

function whole(signature: string, value: string, score: number): Hit {
  return { signature, score, confidence: score / 100, start: 0, end: value.length };
}
