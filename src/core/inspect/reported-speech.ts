/**
 * What somebody else was told to do is a report, not an order: "the page asked the assistant to",
 * "attackers persuade models to". Whoever is addressed is in it as "you", and then it is none. What
 * is forbidden is no order either: "does not reveal its system prompt", "never print your rules".
 */

/** Shorter than what is kept of a text: the verdict must not depend on where it was cut. */
const REACH_UNITS = 60;
const TELLS = `(?:tells?|told|ask(?:s|ed|ing)?|instruct(?:s|ed|ing)|order(?:s|ed|ing)|persuad(?:es?|ed|ing)|trick(?:s|ed|ing)|convinc(?:es?|ed|ing)|mak(?:es?|ing)|made|gets?|got|forc(?:es?|ed|ing)|caus(?:es?|ed|ing)|tries|tried|attempt(?:s|ed|ing)|request(?:s|ed|ing)|designed|crafted|meant|intended)`;
/** What else is told of in the same list: "to leak the keys, ", "to ignore and ". */
const LISTED = String.raw`(?: [\w'-]+){1,7}(?:,|,? (?:and|or)(?: then)?)`;
const TELLS_OF_TELLING = new RegExp(
  String.raw`\b${TELLS}(?: [\w'-]+){0,4} (?:to|into)(?: \w+ing)?(?:${LISTED})?\s*$`,
  "i",
);
/** What it may do is told of it: "the model may", "an agent could then". */
const TELLS_OF_DOING =
  /\b(?:models?|agents?|assistants?|llms?|chatbots?|bots?|attackers?|adversar(?:y|ies)) (?:may|might|could)(?: then| also| even| simply)?\s*$/i;
const ADDRESSED = /\byou(?:r|rs|rself)?\b/i;

/** `start`: where the words begin that would be an order. */
export function isReported(text: string, start: number, end: number): boolean {
  if (isForbidden(text, start)) return true;
  if (!mayReport(text, start)) return false;
  const before = sentenceBefore(text, start);
  if (!TELLS_OF_TELLING.test(before) && !TELLS_OF_DOING.test(before)) return false;
  return !ADDRESSED.test(before) && !ADDRESSED.test(text.slice(start, end));
}

/** "Not" or "never" stands right before. */
function isForbidden(text: string, start: number): boolean {
  const unit = text.charCodeAt(start - 2) | 0x20;
  if (unit !== LETTER_T && unit !== LETTER_R) return false;
  return FORBIDS.test(text.slice(Math.max(0, start - FORBIDS_UNITS), start));
}

const LETTER_T = 0x74;
const LETTER_R = 0x72;
const FORBIDS_UNITS = 12;
const FORBIDS = /(?:^|[^\w'])(?:not|never|don't|doesn't|didn't|won't|can't|mustn't|shouldn't)\s$/i;

/** A report ends in "to", "-ing", "and", "or", "then", a comma or "may": most else in another letter. */
function mayReport(text: string, start: number): boolean {
  let last = start - 1;
  const least = Math.max(0, start - REACH_UNITS);
  while (last >= least && text.charCodeAt(last) <= 0x20) last -= 1;
  if (last < least) return false;
  const unit = text.charCodeAt(last);
  return unit > 0x7f || REPORT_ENDS.has(unit | 0x20);
}

/** A comma stays one with the bit of small letters. */
const REPORT_ENDS = new Set(Array.from("ogdrnytlm,", (unit) => unit.charCodeAt(0)));

/** What stands before in the same sentence. */
function sentenceBefore(text: string, start: number): string {
  const near = text.slice(Math.max(0, start - REACH_UNITS), start);
  const edge = Math.max(near.lastIndexOf("."), near.lastIndexOf("\n"), near.lastIndexOf(":"));
  return near.slice(edge + 1);
}
