import { isWordUnit } from "../text-units.ts";

const HOST = /@[\w-]{1,40}\.[a-z]/iy;
const AT_SIGN = 0x40;

/** Whether the `@` at this place begins the host of a mail address. */
export function beginsMailHost(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== AT_SIGN || !isHostUnit(text.charCodeAt(at + 1))) return false;
  HOST.lastIndex = at;
  return HOST.test(text);
}

function isHostUnit(unit: number): boolean {
  return isWordUnit(unit) || unit === UNDERSCORE || unit === DASH;
}

const UNDERSCORE = 0x5f;
const DASH = 0x2d;
