/** Exceptions that load but excuse nothing: their day is over, or what they name does not exist. */
import { closest } from "../../lib/closest.ts";
import { SIGNATURE_NAMES } from "../inspect/signature-names.ts";
import type { Instant } from "../units.ts";
import { DETECTORS } from "./detectors.ts";
import { matchesName, nameGlob } from "./glob.ts";
import type { ExceptionClause, GlobClause, InspectClause } from "./policy-file.ts";
import type { ProblemList } from "./source-text.ts";

const SAME_EVERYWHERE = /^(?:\/|\*|header:|url$|body$|event$|data$)/;
/** What of a finding's signature says how it was met, not what it is. */
const MET = /(?:-in-|-sample).*$/;
const EXAMPLES = 3;

/** `now`: undefined where nobody asks what has run out. */
export function findDoubtfulExceptions(
  entries: readonly InspectClause[],
  now: Instant | undefined,
  warnings: ProblemList,
): void {
  for (const entry of entries) {
    for (const exception of entry.exceptions) {
      reportOver(exception, entry.id, now, warnings);
      for (const field of exception.fields) reportField(field, warnings);
      for (const signature of exception.signatures) reportSignature(signature, entry, warnings);
    }
  }
}

function reportOver(
  { until, place }: ExceptionClause,
  entry: string,
  now: Instant | undefined,
  warnings: ProblemList,
): void {
  if (now === undefined || now < until) return;
  const day = new Date(until).toISOString().slice(0, 10);
  const message = `an exception of ${entry} counts no more since ${day}`;
  warnings.report(place, message, "remove it, or give it another day");
}

/** Streams had places of their own names once. */
function reportField({ text, place }: GlobClause, warnings: ProblemList): void {
  if (SAME_EVERYWHERE.test(text)) return;
  const help = "write it as findings do: a JSON pointer such as /content/*/text, body or url";
  warnings.report(place, `no place is called ${text}`, help);
}

function reportSignature(
  { text, place }: GlobClause,
  { find }: InspectClause,
  warnings: ProblemList,
): void {
  if (text.split("+").every(isKnown)) return;
  const detectors: readonly string[] = DETECTORS;
  const own = find.flatMap((name) => SIGNATURE_NAMES.get(name.split(".", 1)[0] ?? "") ?? []);
  if (detectors.includes(text)) {
    const names = (SIGNATURE_NAMES.get(text.split(".", 1)[0] ?? "") ?? []).slice(0, EXAMPLES);
    const help = `leave signatures out for all that is found, or name some: ${names.join(", ")}, …`;
    warnings.report(place, `${text} is a detector, not a signature`, help);
    return;
  }
  const near = closest(text.replaceAll("*", ""), own) ?? closest(text, allNames());
  const help = near === undefined ? "write it as findings name it" : `did you mean ${near}?`;
  warnings.report(place, `no signature is called ${text}`, help);
}

function isKnown(text: string): boolean {
  return isName(text) || isName(text.replace(MET, ""));
}

function isName(name: string): boolean {
  const glob = nameGlob(name);
  return allNames().some((known) => {
    if (!known.endsWith("*")) return matchesName(glob, known);
    const begins = known.slice(0, -1);
    return name.startsWith(begins) || (name.includes("*") && matchesName(glob, begins));
  });
}

function allNames(): readonly string[] {
  return [...SIGNATURE_NAMES.values()].flat();
}
