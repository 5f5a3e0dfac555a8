/** A look at what stood behind an encoding or a disguise, within the budget of its body. */
import { FINDINGS_MAX, type Finding } from "../finding.ts";
import { firstInterest, type Interest } from "../quick-look.ts";
import type { ScanPlan } from "../scan-plan.ts";
import { enterInner, grantInner, leaveInner, payReported } from "../scan-budget.ts";
import { originalAt, type TextScan } from "../text-scan.ts";

/** Encodings inside encodings; what lies deeper is not looked at, and `capped` says so. */
export const LAYERS_MAX = 4;

/** A decoded text, complete. */
export interface InnerText {
  readonly text: string;
  /** What is looked for there. */
  readonly plan: ScanPlan;
  /** Encodings inside each other that were taken off. */
  readonly layers: number;
  /** It is one run of digits that say nothing: they are not decoded once more. */
  readonly isOpaque?: boolean;
}

/** Looks at it; made by `advance.ts`, which these files must not import. */
export type Look = (scan: TextScan, inner: InnerText, from: Interest) => TextScan;

export function lookInside(scan: TextScan, decoded: InnerText, look: Look): TextScan | undefined {
  const { text, plan } = decoded;
  const { budget } = scan;
  if (scan.depth === 0) payInner(scan);
  if (scan.depth >= LAYERS_MAX) {
    scan.capped ??= "too_deep";
    return undefined;
  }
  if (text.length > budget.decoded || !enterInner(budget, text.length)) {
    scan.capped ??= "too_costly";
    return undefined;
  }
  budget.decoded -= text.length;
  const from = firstInterest(plan, scan.withheld, text);
  const inner = from === undefined ? undefined : look(scan, decoded, from);
  if (scan.depth === 0) leaveInner(budget);
  scan.capped ??= inner?.capped;
  return inner;
}

/** What stood before the cursor pays for looks behind it: however the text was cut, the same. */
export function payInner(scan: TextScan): void {
  const paid = scan.base + Math.min(scan.cursor, scan.text.length);
  if (paid > scan.paid) grantInner(scan.budget, paid - scan.paid);
  scan.paid = Math.max(scan.paid, paid);
}

type Span = Pick<Finding, "start" | "end">;

export function report(
  scan: TextScan,
  inner: TextScan,
  layers: readonly string[],
  place: (finding: Finding) => Span,
): void {
  const named = (finding: Finding): Finding => {
    const { start, end } = place(finding);
    return {
      ...finding,
      signature: [finding.signature, ...layers.toReversed()].join("-in-"),
      start: originalAt(scan, start),
      end: originalAt(scan, end),
    };
  };
  payReported(scan.budget, Math.min(inner.findings.length, FINDINGS_MAX - scan.findings.length));
  for (const finding of inner.findings) {
    if (scan.findings.length < FINDINGS_MAX) scan.findings.push(named(finding));
  }
  if (inner.blocked !== undefined) scan.blocked = named(inner.blocked);
}
