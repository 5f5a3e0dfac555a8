/**
 * Looks at the messages that go one way through a WebSocket: each as a whole, and whether the end of
 * one and the beginning of the next are the halves of a secret.
 */
import { parseStrictJsonText } from "../../lib/strict-json.ts";
import type { Scan } from "../evidence.ts";
import type { JsonValue } from "../json.ts";
import { createEchoFilter } from "./echo-filter.ts";
import { FINDINGS_MAX, type Finding } from "./finding.ts";
import { FORESEEN_BYTES_MIN, lastTexts } from "./foresee.ts";
import type { Inspection } from "./inspection.ts";
import { withOpinions } from "./opinions.ts";
import { scanJson } from "./scan-json.ts";
import { openEnds, spliceSecrets } from "./secret-splicer.ts";

export type MessageVerdict =
  | { readonly kind: "pass" }
  | { readonly kind: "rewrite"; readonly bytes: Uint8Array }
  | { readonly kind: "cut"; readonly finding: Finding }
  /** It could not be looked at, or not in full. `bytes`: all the same without what is withheld. */
  | { readonly kind: "unseen"; readonly reason: string; readonly bytes: Uint8Array };

export interface MessageScreen {
  /** Asks for second opinions on it, before `judge` gets it. Undefined: nothing in it is doubted. */
  ahead(message: Uint8Array): Promise<void> | undefined;
  judge(message: Uint8Array): MessageVerdict;
  /** `bytes` went by without a look. */
  missed(reason: string, bytes: number): void;
  readonly findings: readonly Finding[];
  readonly scan: Scan;
}

const PASS: MessageVerdict = { kind: "pass" };
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const BINARY = "binary";

export function createMessageScreen(
  inspection: Inspection,
  withheld: readonly string[],
): MessageScreen {
  const ends = openEnds();
  const findings: Finding[] = [];
  let seenBytes = 0;
  let missedBytes = 0;
  let reason = "";
  /** With opinions on the message that is judged next. */
  let doubting: Inspection | undefined;
  const current = followNames(inspection);

  function missed(why: string, bytes: number): void {
    reason ||= why;
    missedBytes += bytes;
  }

  function judgeText(message: Uint8Array, text: string, by: Inspection): MessageVerdict {
    const value = valueOf(text);
    const looked = scanJson(by, value, withheld);
    keep(findings, looked.findings);
    if (looked.blocked !== undefined) return { kind: "cut", finding: looked.blocked };
    const spliced = spliceSecrets(inspection, ends, value);
    if (spliced !== undefined) {
      keep(findings, [spliced]);
      // The first half has left already, so a redaction would come too late.
      if (spliced.action !== "report") return { kind: "cut", finding: spliced };
    }
    if (looked.fileUnits > 0) missed(BINARY, looked.fileUnits);
    if (looked.unseen !== undefined) return unseen(looked.unseen, message, withheld);
    return looked.value === value ? PASS : rewritten(looked.value);
  }

  return {
    ahead(message) {
      const doubt = doubtsAbout(message, current());
      doubting = doubt?.inspection;
      return doubt?.forming;
    },
    judge(message) {
      const by = doubting ?? current();
      doubting = undefined;
      const text = textOf(message);
      if (text === undefined) return unseen(BINARY, message, withheld);
      seenBytes += message.length;
      return judgeText(message, text, by);
    },
    missed,
    findings,
    get scan(): Scan {
      return reason === ""
        ? { kind: "scanned", bytes: seenBytes }
        : { kind: "unscanned", reason, bytes: missedBytes };
    },
  };
}

/** The other way goes on giving names, and plans are kept by identity. */
function followNames(inspection: Inspection): () => Inspection {
  let named = inspection;
  let names = namesIn(inspection);
  return () => {
    if (namesIn(inspection) === names) return named;
    names = namesIn(inspection);
    named = { ...inspection };
    return named;
  };
}

function namesIn({ aliases }: Inspection): number {
  return aliases?.restored.size ?? 0;
}

function unseen(reason: string, message: Uint8Array, withheld: readonly string[]): MessageVerdict {
  return { kind: "unseen", reason, bytes: withoutEchoes(message, withheld) };
}

function rewritten(left: JsonValue): MessageVerdict {
  const text = typeof left === "string" ? left : JSON.stringify(left);
  return { kind: "rewrite", bytes: new TextEncoder().encode(text) };
}

interface MessageDoubt {
  readonly inspection: Inspection;
  readonly forming: Promise<void>;
}

/** Of a large one its end is read for it, as of any document: all would hold up all others. */
function doubtsAbout(message: Uint8Array, inspection: Inspection): MessageDoubt | undefined {
  const opinions = inspection.opinions?.anew();
  if (opinions === undefined) return undefined;
  const text = textOf(message);
  if (text === undefined) return undefined;
  const value = valueOf(text);
  const read = message.length < FORESEEN_BYTES_MIN ? value : lastTexts(value);
  const forming = opinions.form(inspection, read);
  if (forming === undefined) return undefined;
  return { inspection: withOpinions(inspection, opinions), forming };
}

function keep(findings: Finding[], more: readonly Finding[]): void {
  findings.push(...more.slice(0, FINDINGS_MAX - findings.length));
}

/** As JSON where it can be read in one way only, else as text. */
function valueOf(text: string): JsonValue {
  if (!/^\s*[{[]/.test(text)) return text;
  const reading = parseStrictJsonText(text);
  return reading.kind === "problem" ? text : reading.value;
}

/** Undefined: nobody reads it as text. A zero is a sign like others, also in a body. */
function textOf(message: Uint8Array): string | undefined {
  try {
    return utf8.decode(message);
  } catch {
    return undefined;
  }
}

/** The same bytes where no withheld secret is in them. */
function withoutEchoes(message: Uint8Array, withheld: readonly string[]): Uint8Array {
  if (withheld.length === 0) return message;
  const filter = createEchoFilter(withheld);
  const head = filter.push(message);
  const tail = filter.end();
  if (filter.removed === 0) return message;
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
