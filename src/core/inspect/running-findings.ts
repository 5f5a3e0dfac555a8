import type { Finding } from "./finding.ts";

/** Names of parts that are what stood at one place in the events of a stream, joined. */
export const RUNNING = "stream:";

/** The place itself; a running text without JSON is that of the events. */
export function placeOfRunning(part: string): string {
  if (!part.startsWith(RUNNING)) return part;
  return part === RUNNING ? "event" : part.slice(RUNNING.length);
}

/** What was found in an event and again in the text that goes on from event to event is one thing. */
export function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const isRunning = ({ part }: Finding): boolean => part.startsWith(RUNNING);
  if (!findings.some(isRunning)) return findings;
  const alone = new Set(findings.filter((one) => !isRunning(one)).map(kindOf));
  return findings
    .filter((one) => !isRunning(one) || !alone.has(kindOf(one)))
    .map((one) => ({ ...one, part: placeOfRunning(one.part) }));
}

function kindOf({ detector, signature }: Finding): string {
  return `${detector} ${signature}`;
}
