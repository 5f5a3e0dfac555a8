/**
 * A look at a complete text: by what is known of it, at a glance, and only then unit by unit. Every
 * way to look at complete texts leads through here.
 */
import { scanWhole } from "./advance.ts";
import { FINDINGS_MAX, type Finding } from "./finding.ts";
import { asShown, hasOverride } from "./layers/overrides.ts";
import { keepClean, recall } from "./known-texts.ts";
import { EVERYWHERE, firstInterest, firstLiteral } from "./quick-look.ts";
import { isKeptShort, keepShort, labelledBy, type ScanPlan } from "./scan-plan.ts";
import {
  afford,
  affordInner,
  enterInner,
  grantInner,
  leaveInner,
  type ScanBudget,
} from "./scan-budget.ts";
import { openScan, type TextScan } from "./text-scan.ts";

/** What is looked for in the texts of one body. */
export interface TextLook {
  readonly plan: ScanPlan;
  readonly withheld: readonly string[];
  readonly budget: ScanBudget;
}

/**
 * `label`: what the text is called where it stands. Undefined: the text is clean under any name; a
 * scan without findings: it is clean under this one.
 */
export function lookAtText(
  { plan, withheld, budget }: TextLook,
  text: string,
  label: string,
  part: string,
): TextScan | undefined {
  const labelled = labelledBy(plan, label);
  const lean = plan.opinions?.leanOf(text) ?? 0;
  if (labelled.length === 0 && lean === 0) {
    const known = recall(plan, text, label);
    if (known?.scan === undefined) {
      if (known !== undefined && firstLiteral(plan, withheld, text) === text.length) {
        grantInner(budget, text.length);
        return known.label === undefined ? undefined : openScan(plan, withheld, part, budget);
      }
    } else if (withheld.length === 0 && !plan.namesParts) return known.scan;
  }
  afford(budget, text.length);
  const first = labelled.length > 0 ? EVERYWHERE : firstInterest(plan, withheld, text);
  if (first === undefined) {
    grantInner(budget, text.length);
    if (lean === 0) keepClean(plan, text, undefined);
    return undefined;
  }
  const scan = openScan(plan, withheld, part, budget);
  const isPlain = labelled.length === 0 && lean === 0;
  const literals = withheld.length + plan.restored.size;
  if (isPlain && literals === 0 && isKeptShort(plan, text, label)) {
    grantInner(budget, text.length);
    return scan;
  }
  scan.lean = lean;
  scan.label = label;
  scan.labelled = labelled;
  scanWhole(scan, text, first);
  if (hasOverride(text)) lookAtShown(scan, text);
  if (isPlain && foundNothing(scan)) {
    keepClean(plan, text, label);
    if (literals === 0) keepShort(plan, text, label);
  }
  return scan;
}

/** Cost of one unit that is put into display order and folded once more. */
const SHOWN_WORK = 4;

/** What is found only in the text as it is shown counts for all of the text. */
function lookAtShown(scan: TextScan, text: string): void {
  const { budget } = scan;
  if (!affordInner(budget, SHOWN_WORK * text.length) || !enterInner(budget, text.length)) {
    scan.capped ??= "too_costly";
    return;
  }
  const shown = openScan(scan.plan, scan.withheld, scan.part, budget, 1);
  scanWhole(shown, asShown(text), EVERYWHERE);
  leaveInner(budget);
  scan.capped ??= shown.capped;
  const whole = (finding: Finding): Finding => ({
    ...finding,
    signature: `${finding.signature}-in-override`,
    start: 0,
    end: text.length,
  });
  scan.findings.push(...shown.findings.map(whole).slice(0, FINDINGS_MAX - scan.findings.length));
  if (shown.blocked !== undefined) scan.blocked ??= whole(shown.blocked);
  const [edit] = shown.edits;
  if (edit !== undefined) scan.edits = [{ ...edit, start: 0, end: text.length }];
}

/** Nothing was found, and everything was looked at. */
export function foundNothing({ findings, edits, blocked, capped }: TextScan): boolean {
  return (
    findings.length === 0 && edits.length === 0 && blocked === undefined && capped === undefined
  );
}
