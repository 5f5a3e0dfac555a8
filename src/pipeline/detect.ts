/**
 * Stage 4 of 11. Looks at what the agent is about to send: body, URL and headers. Credentials that
 * the client showed to Sallyport are already gone from the headers.
 */
import { NOT_ALL_SEEN, type NotAllSeen } from "../core/inspect/not-all-seen.ts";
import type { Scan } from "../core/evidence.ts";
import { blockRefusal } from "../core/inspect/block-refusal.ts";
import type { Finding } from "../core/inspect/finding.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import { foresee, FORESEEN_BYTES_MIN, type Aside } from "../core/inspect/foresee.ts";
import { carriedOut } from "../core/inspect/called-address.ts";
import { createPartScanner } from "../core/inspect/part-scanner.ts";
import { scanBudget } from "../core/inspect/scan-budget.ts";
import { scanJson } from "../core/inspect/scan-json.ts";
import { takenOut } from "../core/inspect/taken-out.ts";
import { scanPlan } from "../core/inspect/scan-plan.ts";
import { lookAtText } from "../core/inspect/whole-text.ts";
import type { JsonValue } from "../core/json.ts";
import type { Upstream } from "../core/upstream.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { nextTurn } from "../lib/next-turn.ts";
import { impossible } from "../lib/impossible.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Scannable, Surroundings } from "./ask.ts";

/** What was seen is recorded whether or not it stops the request. */
export interface Detection {
  readonly findings: readonly Finding[];
  readonly scan: Scan;
  /** The body with what rules wanted redacted; undefined: send it as it came. */
  readonly verdict: Verdict<JsonValue | undefined>;
}

const NOTHING_LEFT: readonly string[] = [];
const UNCHANGED: Verdict<undefined> = pass(undefined);
const NOT_ASKED: Scan = { kind: "none", reason: "not_asked" };
const NO_BODY: Scan = { kind: "none", reason: "no_body" };
const NOTHING: Detection = { findings: [], scan: NOT_ASKED, verdict: UNCHANGED };

/** `unscannable`: what the operator wrote for bodies that nobody can read. */
export function detect(
  scannable: Scannable,
  where: Surroundings,
  inspection: Inspection,
  unscannable: Upstream["unscannable"],
): Detection {
  if (inspection.rules.length === 0) return NOTHING;

  const findings: Finding[] = [];
  const blocked = lookAround(where, inspection, findings);
  if (blocked !== undefined) {
    return { findings, scan: NOT_REACHED, verdict: halt(blockRefusal("request_blocked", blocked)) };
  }

  switch (scannable.kind) {
    case "none":
      return { findings, scan: NO_BODY, verdict: UNCHANGED };
    case "json":
      return seen(detectJson(scannable.value, inspection, findings), scannable.bytes, unscannable);
    case "text":
      return seen(detectText(scannable.text, inspection, findings), scannable.bytes, unscannable);
    case "form": {
      const { value, bytes, unreadBytes } = scannable;
      const look = detectJson(value, inspection, findings);
      return withUnread(seen(look, bytes, unscannable), unreadBytes, unscannable);
    }
    case "opaque":
      return {
        findings,
        scan: { kind: "unscanned", reason: scannable.reason, bytes: scannable.bytes },
        verdict: unscannable === "refuse" ? halt(notInspectable(scannable.reason)) : UNCHANGED,
      };
    default:
      return impossible(scannable);
  }
}

/** What was found counts all the same. */
function withUnread(
  seenSoFar: Detection,
  bytes: number,
  unscannable: Upstream["unscannable"],
): Detection {
  if (bytes === 0 || seenSoFar.scan.kind === "unscanned") return seenSoFar;
  const scan: Scan = { kind: "unscanned", reason: "binary", bytes };
  const refuses = unscannable === "refuse" && seenSoFar.verdict.kind === "pass";
  const verdict = refuses
    ? halt(notInspectable("a part of its form is binary"))
    : seenSoFar.verdict;
  return { ...seenSoFar, scan, verdict };
}

/** Undefined: small enough to be looked at in one go, and no second opinion is asked. */
export function foreseeRequest(
  scannable: Scannable,
  inspection: Inspection,
  aside?: Aside,
): Promise<void> | undefined {
  const { kind } = scannable;
  if (kind === "none" || kind === "opaque") return undefined;
  const content = kind === "text" ? scannable.text : scannable.value;
  return scannable.bytes < FORESEEN_BYTES_MIN
    ? inspection.opinions?.form(inspection, content)
    : foresee(inspection, content, nextTurn, aside);
}

const NOT_REACHED: Scan = { kind: "none", reason: "not_reached" };

/** URL and headers can be refused, not rewritten: a changed URL would be another request. */
function lookAround(
  { url, headers }: Surroundings,
  inspection: Inspection,
  found: Finding[],
): Finding | undefined {
  const carried = carriedOut(url, inspection);
  if (carried !== undefined) {
    found.push(carried);
    if (carried.action !== "report") return carried;
  }
  // One look at everything; only what has something in it is taken apart to say where.
  const address = decoded(url);
  if (isClean(`${address}\n${headers.join("\n")}`, inspection)) return undefined;
  const blocked = lookAt("url", address, inspection, found);
  if (blocked !== undefined) return blocked;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const inHeader = lookAt(`header:${headers[i]}`, headers[i + 1] ?? "", inspection, found);
    if (inHeader !== undefined) return inHeader;
  }
  return undefined;
}

/** A client sends much the same head with every request, so it is known mostly. */
function isClean(text: string, inspection: Inspection): boolean {
  const look = { plan: scanPlan(inspection), withheld: NOTHING_LEFT, budget: scanBudget() };
  const scan = lookAtText(look, text, "", "head");
  return scan === undefined || scan.findings.length === 0;
}

function lookAt(
  part: string,
  text: string,
  inspection: Inspection,
  found: Finding[],
): Finding | undefined {
  const scanner = createPartScanner(inspection, part, NOTHING_LEFT);
  scanner.push(text);
  scanner.end();
  found.push(...scanner.findings);
  return scanner.blocked ?? scanner.findings.find(({ action }) => action === "redact");
}

/** What a look at a body came to. */
interface Look {
  readonly findings: readonly Finding[];
  readonly blocked: Finding | undefined;
  readonly redacted: JsonValue | undefined;
  /** Why not all of it was looked at, through nesting and encodings; undefined: all was. */
  readonly unseen: NotAllSeen | undefined;
  /** Of files in it that nobody reads. */
  readonly fileUnits?: number;
}

function seen(look: Look, bytes: number, unscannable: Upstream["unscannable"]): Detection {
  const { findings, blocked, redacted, unseen, fileUnits = 0 } = look;
  const scan = scanOf(unseen, fileUnits, bytes);
  if (blocked !== undefined) {
    return { findings, scan, verdict: halt(blockRefusal("request_blocked", blocked)) };
  }
  if (unseen !== undefined && unscannable === "refuse") {
    const reason = `there is ${NOT_ALL_SEEN[unseen]} in it`;
    return { findings, scan, verdict: halt(notInspectable(reason)) };
  }
  return { findings, scan, verdict: redacted === undefined ? UNCHANGED : pass(redacted) };
}

/** What policy looks for was looked for in all else; pictures alone are no reason to refuse. */
function scanOf(unseen: NotAllSeen | undefined, fileUnits: number, bytes: number): Scan {
  if (unseen !== undefined) return { kind: "unscanned", reason: unseen, bytes };
  if (fileUnits > 0) return { kind: "unscanned", reason: "binary", bytes: fileUnits };
  return { kind: "scanned", bytes };
}

function detectJson(value: JsonValue, inspection: Inspection, around: readonly Finding[]): Look {
  const looked = scanJson(inspection, value, NOTHING_LEFT);
  const { blocked, unseen } = looked;
  const redacted = looked.value === value ? undefined : looked.value;
  const { fileUnits } = looked;
  return { findings: [...around, ...looked.findings], blocked, redacted, unseen, fileUnits };
}

function detectText(text: string, inspection: Inspection, around: readonly Finding[]): Look {
  const look = { plan: scanPlan(inspection), withheld: NOTHING_LEFT, budget: scanBudget() };
  const scan = lookAtText(look, text, "", BODY_PART);
  if (scan === undefined) {
    return { findings: around, blocked: undefined, redacted: undefined, unseen: undefined };
  }
  // What was foreseen was looked at before it had a name.
  const named = (finding: Finding): Finding => ({ ...finding, part: BODY_PART });
  return {
    findings: [...around, ...scan.findings.map(named)],
    blocked: scan.blocked && named(scan.blocked),
    redacted: scan.edits.length === 0 ? undefined : takenOut(look.plan, text, scan.edits),
    unseen: scan.capped,
  };
}

const BODY_PART = "body";

function notInspectable(reason: string): Refusal {
  return {
    code: "request_blocked",
    detail: `Policy wants to inspect this request, but its body cannot be inspected: ${reason}.`,
    remedy: "Send it in a form that can be read, and smaller.",
  };
}

/** Percent-encoding hides nothing; an URL that does not decode is looked at as it is. */
function decoded(url: string): string {
  if (!url.includes("%")) return url;
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
