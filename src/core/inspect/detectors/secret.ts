import type { Signature } from "../signature.ts";
import { GENERIC_SECRETS } from "./secret-generic.ts";
import { SECRET_FORMATS, type SecretFormat } from "./secret-formats.ts";
import { LONG_SECRETS } from "./secret-long.ts";
import { fits, isPlaceholder } from "./secret-value.ts";
import { MORE, type Outcome, type View } from "../signature.ts";

export const SECRET_DETECTOR = "secret";

/** Provider formats first: their names are what the finding says. */
export const SECRET: readonly Signature[] = [
  ...SECRET_FORMATS.map((format): Signature => ({
    detector: SECRET_DETECTOR,
    anchors: format.prefixes,
    wordStart: true,
    match: (view, at) => formatAt(view, at, format),
  })),
  ...LONG_SECRETS,
  ...GENERIC_SECRETS,
];

function formatAt(view: View, at: number, format: SecretFormat): Outcome {
  for (const prefix of format.prefixes) {
    const outcome = prefixedAt(view, at, prefix, format);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

function prefixedAt(view: View, at: number, prefix: string, format: SecretFormat): Outcome {
  const { text, stop, final } = view;
  const from = at + prefix.length;
  if (from > stop) {
    const partial = !final && prefix.startsWith(text.slice(at, stop));
    return partial ? MORE : undefined;
  }
  if (!text.startsWith(prefix, at)) return undefined;
  const most = Math.min(stop, from + format.max + 1);
  let end = from;
  while (end < most && fits(format.units, text.charCodeAt(end))) end += 1;
  if (end === stop && end - from <= format.max && !final) return MORE;
  const { length } = text.slice(from, end);
  if (length < format.min || length > format.max) return undefined;
  if (isPlaceholder(text.slice(from, end))) return undefined;
  return { signature: format.name, score: 95, confidence: 0.95, start: at, end };
}
