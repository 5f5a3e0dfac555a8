import { parseStrictJsonText } from "../../lib/strict-json.ts";
import type { JsonValue } from "../json.ts";
import type { Edit } from "./edit.ts";
import type { Inspection } from "./inspection.ts";
import { createPartScanner, type PartScanner } from "./part-scanner.ts";
import { scanJson, type JsonScan } from "./scan-json.ts";
import { scanPlan } from "./scan-plan.ts";

/**
 * For text that is held until it is complete and may be JSON, as the arguments of a tool call: its
 * escapes hide words from a plain scan, and a redaction that cuts one in half breaks the document.
 */
export function createJsonPartScanner(
  inspection: Inspection,
  part: string,
  withheld: readonly string[],
  label = "",
): PartScanner {
  let text = "";
  let ended = false;
  let judged: Judged = NOTHING;
  return {
    push(piece) {
      text += piece;
    },
    end() {
      if (ended) return;
      ended = true;
      judged = judge(inspection, text, withheld, { part, label });
    },
    get safe() {
      // Nothing of an attack, either: clients run a call as soon as its JSON closes.
      return ended && judged.blocked === undefined ? text.length : 0;
    },
    get begun() {
      return this.safe;
    },
    get edits() {
      return judged.edits;
    },
    get findings() {
      return judged.findings;
    },
    get blocked() {
      return judged.blocked;
    },
    get unseen() {
      return judged.unseen;
    },
    leanTo() {
      // It is complete when it is looked at: opinions on such texts are found by the text.
    },
    forget() {
      // One edit over all of the text: every frame of the part needs it.
    },
  };
}

type Judged = Pick<PartScanner, "findings" | "edits" | "blocked" | "unseen">;

const NOTHING: Judged = { findings: [], edits: [], blocked: undefined, unseen: undefined };

function judge(
  inspection: Inspection,
  text: string,
  withheld: readonly string[],
  { part, label }: { readonly part: string; readonly label: string },
): Judged {
  const escaped = scanEscaped(inspection, text, withheld, part);
  if (escaped !== undefined) return { ...escaped, edits: editsOf(escaped, text) };
  const plain = createPartScanner(inspection, part, withheld, label);
  const plan = scanPlan(inspection);
  plain.leanTo(plan.opinions?.leanOf(text) ?? 0);
  plain.push(text);
  plain.end();
  if (plain.findings.length === 0) return plain;
  // Found as text; in the document it stands at a place, which exceptions may name.
  const scan = scanDocument(inspection, text, withheld, part);
  if (scan === undefined || !namesAll(scan, plain)) return plain;
  // Written anew only where exceptions may have left something: numbers lose digits.
  const edits = plan.namesParts ? editsOf(scan, text) : plain.edits;
  return { ...scan, edits };
}

function editsOf(scan: EscapedScan, text: string): readonly Edit[] {
  return scan.text === text ? [] : [{ start: 0, end: text.length, replacement: scan.text }];
}

/** Whether the document shows all that the text does, above all what it was blocked for. */
function namesAll({ findings }: EscapedScan, plain: PartScanner): boolean {
  const { blocked } = plain;
  if (findings.length < plain.findings.length) return false;
  return (
    blocked === undefined ||
    findings.some(
      ({ detector, signature }) => detector === blocked.detector && signature === blocked.signature,
    )
  );
}

export interface EscapedScan extends JsonScan {
  /** The document again, changed only where something was redacted. */
  readonly text: string;
}

/**
 * Undefined: it has no escapes, or is no JSON, so a plain scan sees all there is. `part`: what the
 * text itself is called.
 */
export function scanEscaped(
  inspection: Inspection,
  text: string,
  withheld: readonly string[],
  part: string,
): EscapedScan | undefined {
  return text.includes("\\") ? scanDocument(inspection, text, withheld, part) : undefined;
}

function scanDocument(
  inspection: Inspection,
  text: string,
  withheld: readonly string[],
  part: string,
): EscapedScan | undefined {
  const reading = parseStrictJsonText(text);
  if (reading.kind === "problem") return undefined;
  const value: JsonValue = reading.value;
  const scan = scanJson(inspection, value, withheld, (pointer) => part + pointer);
  if (scan.unseen !== undefined) return undefined;
  return { ...scan, text: scan.value === value ? text : JSON.stringify(scan.value) };
}
