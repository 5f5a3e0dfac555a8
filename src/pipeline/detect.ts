/**
 * Stage 4 of 11. Looks at what the agent is about to send: body, URL and headers. Credentials that
 * the client showed to Sallyport are already gone from the headers.
 */
import type { Scan } from "../core/evidence.ts";
import { blockRefusal } from "../core/inspect/block-refusal.ts";
import type { Finding } from "../core/inspect/finding.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import { createPartScanner } from "../core/inspect/part-scanner.ts";
import { applyEdits } from "../core/inspect/edit.ts";
import { scanJson } from "../core/inspect/scan-json.ts";
import type { JsonValue } from "../core/json.ts";
import type { Upstream } from "../core/upstream.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { impossible } from "../lib/impossible.ts";
import type { Scannable } from "./ask.ts";

export interface Detection {
  readonly findings: readonly Finding[];
  readonly scan: Scan;
  /** The body with what rules wanted redacted; undefined: send it as it came. */
  readonly redacted: JsonValue | undefined;
}

/** Where text leaves beside the body. Header names in lower case, without credential headers. */
export interface Whereabouts {
  /** Path and query as they will be sent. */
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
}

const NOTHING_LEFT: readonly string[] = [];
const NOT_ASKED: Scan = { kind: "none", reason: "not_asked" };
const NO_BODY: Scan = { kind: "none", reason: "no_body" };
const NOTHING: Verdict<Detection> = pass({ findings: [], scan: NOT_ASKED, redacted: undefined });

/** `unscannable`: what the operator wrote for bodies that nobody can read. */
export function detect(
  scannable: Scannable,
  where: Whereabouts,
  inspection: Inspection,
  unscannable: Upstream["unscannable"],
): Verdict<Detection> {
  if (inspection.rules.length === 0) return NOTHING;

  const found: Finding[] = [];
  const blocked = lookAround(where, inspection, found);
  if (blocked !== undefined) return halt(blockRefusal("request_blocked", blocked));

  switch (scannable.kind) {
    case "none":
      return pass({ findings: found, scan: NO_BODY, redacted: undefined });
    case "json":
      return detectJson(scannable.value, scannable.bytes, inspection, found);
    case "text":
      return detectText(scannable.text, scannable.bytes, inspection, found);
    case "opaque":
      if (unscannable === "refuse") return halt(notInspectable(scannable.reason));
      return pass({
        findings: found,
        scan: { kind: "unscanned", reason: scannable.reason, bytes: scannable.bytes },
        redacted: undefined,
      });
    default:
      return impossible(scannable);
  }
}

/** URL and headers can be refused, not rewritten: a changed URL would be another request. */
function lookAround(
  { url, headers }: Whereabouts,
  inspection: Inspection,
  found: Finding[],
): Finding | undefined {
  const blocked = lookAt("url", decoded(url), inspection, found);
  if (blocked !== undefined) return blocked;
  for (const [name, value] of headers) {
    const inHeader = lookAt(`header:${name}`, value, inspection, found);
    if (inHeader !== undefined) return inHeader;
  }
  return undefined;
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

function detectJson(
  value: JsonValue,
  bytes: number,
  inspection: Inspection,
  found: readonly Finding[],
): Verdict<Detection> {
  const scan = scanJson(inspection, value, NOTHING_LEFT);
  if (scan.blocked !== undefined) return halt(blockRefusal("request_blocked", scan.blocked));
  if (!scan.complete) return halt(notInspectable("nested too deeply"));
  return pass({
    findings: [...found, ...scan.findings],
    scan: { kind: "scanned", bytes },
    redacted: scan.value === value ? undefined : scan.value,
  });
}

function detectText(
  text: string,
  bytes: number,
  inspection: Inspection,
  found: readonly Finding[],
): Verdict<Detection> {
  const scanner = createPartScanner(inspection, "body", NOTHING_LEFT);
  scanner.push(text);
  scanner.end();
  if (scanner.blocked !== undefined) return halt(blockRefusal("request_blocked", scanner.blocked));
  return pass({
    findings: [...found, ...scanner.findings],
    scan: { kind: "scanned", bytes },
    redacted: scanner.edits.length === 0 ? undefined : applyEdits(text, 0, scanner.edits),
  });
}

function notInspectable(reason: string) {
  return {
    code: "request_blocked" as const,
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
