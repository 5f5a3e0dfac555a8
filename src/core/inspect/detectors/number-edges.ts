import { isDigit, isWordUnit } from "../text-units.ts";

const UNDERSCORE = 0x5f;

/** The digits before `at` belong to the same number: `1.4111…`, `12-4111…`. */
export function isInNumber(text: string, at: number): boolean {
  const before = text.charAt(at - 1);
  if (before === " " && at > 1 && isWordUnit(text.charCodeAt(at - 2))) {
    return isDigit(text.charCodeAt(at - 2));
  }
  return at > 0 && (before === "." || before === "-" || before === "/" || before === "_");
}

export function endsNumber(text: string, end: number): boolean {
  const unit = text.charCodeAt(end);
  return !(isWordUnit(unit) || unit === UNDERSCORE);
}
