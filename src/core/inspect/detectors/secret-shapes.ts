/** Secrets known by their shape: what stands in their middle, or the name they are assigned to. */
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { isDigit } from "../text-units.ts";
import { secretHit } from "./secret-hit.ts";
import { BASE64, DOT, fits, isBlank, TOKEN } from "./secret-value.ts";
import { runEnd } from "./unit-run.ts";

const TILDE = 0x7e;
const AZURE_BEFORE = 3;
const AZURE_MIN = 31;
const AZURE_MAX = 34;
const AWS_LENGTH = 40;
const GAP_MAX = 8;
const FACEBOOK_ID_MIN = 15;
const FACEBOOK_ID_MAX = 16;
const FACEBOOK_LENGTH = 27;

export const SECRET_SHAPES: readonly Signature[] = [
  { detector: "secret", anchors: ["0q~"], wordStart: false, match: azureAt },
  {
    detector: "secret",
    anchors: [
      "secret_access_key",
      "secretaccesskey",
      "aws_secret",
      "aws-secret",
      "secret_key",
      "x-amz-secret",
    ],
    wordStart: false,
    match: awsAt,
  },
  { detector: "secret", anchors: ["0|"], wordStart: false, match: facebookAt },
];

/** A client secret of Microsoft Entra: three units, a digit, `Q~`, 31 to 34 units. */
function azureAt({ text, stop, final }: View, at: number): Outcome {
  if (stop < at + 3 + AZURE_MAX + 1 && !final) return MORE;
  if (!text.startsWith("Q~", at + 1)) return undefined;
  const start = at - AZURE_BEFORE;
  for (let i = start; i < at; i += 1) if (!isAzureUnit(text.charCodeAt(i))) return undefined;
  if (isAzureUnit(text.charCodeAt(start - 1))) return undefined;
  let end = at + 3;
  while (end < stop && end - at - 3 <= AZURE_MAX && isAzureUnit(text.charCodeAt(end))) end += 1;
  const length = end - at - 3;
  if (length < AZURE_MIN || length > AZURE_MAX) return undefined;
  return hit("azure-client-secret", start, end, 95);
}

function isAzureUnit(unit: number): boolean {
  return unit === TILDE || fits(TOKEN | DOT, unit);
}

// What stands between that name and its value.
const BESIDE = 1;
const OPERATOR = 2;
const gapUnits = Uint8Array.from({ length: 0x80 }, (_, unit) => {
  const char = String.fromCharCode(unit);
  if (":=".includes(char)) return OPERATOR;
  return /["'\s>\\]/.test(char) ? BESIDE : 0;
});

/** Forty units of base64 behind the name that AWS gives them. */
function awsAt(view: View, at: number): Outcome {
  const { text, stop, final } = view;
  if (stop < at + 32 + GAP_MAX + AWS_LENGTH + 1 && !final) return MORE;
  const from = runEnd(view, TOKEN, at, stop);
  let start = from;
  let gap = 0;
  for (; start < from + GAP_MAX; start += 1) {
    const unit = text.charCodeAt(start);
    const kind = unit < gapUnits.length ? (gapUnits[unit] ?? 0) : 0;
    if (kind === 0) break;
    gap |= kind;
  }
  if ((gap & OPERATOR) === 0) return undefined;
  let end = start;
  while (end < stop && end - start <= AWS_LENGTH && fits(BASE64, text.charCodeAt(end))) end += 1;
  if (end - start !== AWS_LENGTH) return undefined;
  const secret = text.slice(start, end);
  if (!/[a-z]/.test(secret) || !/[A-Z]/.test(secret) || isBlank(secret)) return undefined;
  return secretHit(view, { signature: "aws-secret-key", score: 92, start, end }, secret);
}

/** An app's token: its id of 15 or 16 digits, a bar, 27 units. */
function facebookAt({ text, stop, final }: View, at: number): Outcome {
  if (stop < at + 2 + FACEBOOK_LENGTH + 1 && !final) return MORE;
  let start = at;
  while (at - start <= FACEBOOK_ID_MAX && isDigit(text.charCodeAt(start - 1))) start -= 1;
  const digits = at - start + 1;
  if (digits < FACEBOOK_ID_MIN || digits > FACEBOOK_ID_MAX) return undefined;
  let end = at + 2;
  while (end < stop && end - at - 2 <= FACEBOOK_LENGTH && fits(TOKEN, text.charCodeAt(end)))
    end += 1;
  return end - at - 2 === FACEBOOK_LENGTH ? hit("facebook-app-token", start, end, 92) : undefined;
}

function hit(signature: string, start: number, end: number, score: number): Outcome {
  return { signature, score, confidence: score / 100, start, end };
}
