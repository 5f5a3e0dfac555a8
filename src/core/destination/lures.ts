import { filterOf, NO_UNITS, passes, withUnit } from "./name-filter.ts";

/** Words that make a name look like a place to sign in, pay or win something. */
export const LURES = new Set(
  (
    "login logon signin signup sign verify verification secure security account accounts update " +
    "updates support billing confirm confirmation wallet airdrop gift gifts nitro free bonus reward " +
    "rewards prize unlock suspended recover recovery auth webmail password bank banking invoice refund " +
    "claim promo service services customer client id online web portal access mail team help event " +
    "shop store market pay payment sms alert notice safety official app download clone page reset restore validate unlocked center centre desk check session restricted " +
    "notification signon authenticate kyc connect delivery parcel package tracking customs tax confirmed"
  ).split(" "),
);

const FILTER = filterOf(LURES);

/** How many of them stand in `text` before `end`, between dots and dashes. */
export function luresIn(text: string, end: number): number {
  let count = 0;
  let from = 0;
  let hash = NO_UNITS;
  for (let i = 0; i <= end; i += 1) {
    const unit = i === end ? DOT : text.charCodeAt(i);
    if (unit !== DOT && unit !== DASH) {
      hash = withUnit(hash, unit);
      continue;
    }
    if (passes(FILTER, hash) && LURES.has(text.slice(from, i))) count += 1;
    hash = NO_UNITS;
    from = i + 1;
  }
  return count;
}

const DOT = 0x2e;
const DASH = 0x2d;

const LURING_PATH =
  /^\/(?:[\w-]{1,20}\/)?(?:log-?[io]n|sign-?[io]n|accounts?|verify|oauth|auth|password|billing|wallet|unlock)(?![a-z])/i;

/** A page that wants to be signed in to. */
export function luresInPath(path: string): boolean {
  return LURING_PATH.test(path);
}
