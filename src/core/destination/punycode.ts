/** Decodes one label behind `xn--`. @see https://www.rfc-editor.org/rfc/rfc3492 */
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_POINT = 128;
const POINT_MAX = 0x10ffff;
const LABEL_MAX = 63;

/** Undefined for what is no punycode. */
export function decodePunycode(label: string): string | undefined {
  if (label.length > LABEL_MAX) return undefined;
  const dash = label.lastIndexOf("-");
  const points: number[] = [];
  for (let i = 0; i < dash; i += 1) points.push(label.charCodeAt(i));
  let point = INITIAL_POINT;
  let bias = INITIAL_BIAS;
  let at = 0;
  for (let i = dash < 0 ? 0 : dash + 1; i < label.length;) {
    const before = at;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(label.charCodeAt(i));
      i += 1;
      if (digit === undefined) return undefined;
      at += digit * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
      if (at > POINT_MAX * LABEL_MAX) return undefined;
    }
    const count = points.length + 1;
    bias = adapt(at - before, count, before === 0);
    point += Math.floor(at / count);
    if (point > POINT_MAX) return undefined;
    at %= count;
    points.splice(at, 0, point);
    at += 1;
  }
  return String.fromCodePoint(...points);
}

function digitOf(unit: number): number | undefined {
  const lower = unit | 0x20;
  if (lower >= 0x61 && lower <= 0x7a) return lower - 0x61;
  return unit >= 0x30 && unit <= 0x39 ? unit - 0x30 + 26 : undefined;
}

function adapt(delta: number, count: number, first: boolean): number {
  let left = first ? Math.floor(delta / DAMP) : delta >> 1;
  left += Math.floor(left / count);
  let k = 0;
  while (left > ((BASE - T_MIN) * T_MAX) >> 1) {
    left = Math.floor(left / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * left) / (left + SKEW));
}
