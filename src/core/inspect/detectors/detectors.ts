import type { Signature } from "../signature.ts";
import { INJECTION, INJECTION_DETECTOR } from "./injection.ts";
import { EMAIL_DETECTOR } from "./pii-email.ts";
import { DESTINATIONS } from "./destinations.ts";
import { EXPLOITS } from "./exploits.ts";
import { IP, IP_DETECTOR } from "./pii-ip.ts";
import { NAME, NAME_DETECTOR } from "./pii-name.ts";
import { NATIONAL_ID, NATIONAL_ID_DETECTOR } from "./pii-national-id.ts";
import { PII_NUMBERS } from "./pii-number.ts";
import { SECRET, SECRET_DETECTOR } from "./secret.ts";

/** What sessions do is no text: `pipeline/watch.ts` finds these. */
export const BEHAVIOURS: readonly string[] = [
  "behaviour.loop",
  "behaviour.chatter",
  "behaviour.fan_out",
  "behaviour.rapid_fire",
  "behaviour.unusual_tool",
  "behaviour.high_cost",
  "behaviour.contradiction",
];

/** Every detector by the name that policy files use. E-mail is found by its `@`, see `judge.ts`. */
export const DETECTORS: ReadonlyMap<string, readonly Signature[]> = new Map([
  [INJECTION_DETECTOR, INJECTION],
  [SECRET_DETECTOR, SECRET],
  [EMAIL_DETECTOR, []],
  ...PII_NUMBERS,
  ...EXPLOITS,
  ...DESTINATIONS,
  ...BEHAVIOURS.map((name) => [name, []] as const),
  [NATIONAL_ID_DETECTOR, NATIONAL_ID],
  [IP_DETECTOR, IP],
  [NAME_DETECTOR, NAME],
]);
