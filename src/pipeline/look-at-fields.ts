/** The fields of an answer's head: text like any other to an agent that is shown them. */
import type { HeadFields } from "../core/head-fields.ts";
import type { Finding } from "../core/inspect/finding.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import { scanBudget } from "../core/inspect/scan-budget.ts";
import { scanPlan } from "../core/inspect/scan-plan.ts";
import { takenOut } from "../core/inspect/taken-out.ts";
import { lookAtText, type TextLook } from "../core/inspect/whole-text.ts";

/** What a client goes by: with something taken out it would lead elsewhere, or say another thing. */
const GONE_BY = new Set([
  "location",
  "content-location",
  "link",
  "etag",
  "www-authenticate",
  "content-type",
  "content-disposition",
]);
/** A time or a number. */
const SAYS_LITTLE = new Set(["date", "content-length", "last-modified", "expires", "age"]);
const LITTLE_MAX = 40;
const NOTHING: readonly string[] = [];

/**
 * Takes out of the fields what policy wants taken out, and adds to `found`. What blocks the answer is
 * returned; undefined: nothing does.
 */
export function lookAtFields(
  inspection: Inspection,
  headers: HeadFields,
  found: Finding[],
): Finding | undefined {
  const fields = [...(headers.all?.() ?? [])].filter(
    ([name, value]) => !SAYS_LITTLE.has(name) || value.length > LITTLE_MAX,
  );
  const look = { plan: scanPlan(inspection), withheld: NOTHING, budget: scanBudget() };
  // One look at all of them; only what has something in it is taken apart to say where.
  const all = lookAtText(look, fields.map(([, value]) => value).join("\n"), "", "head");
  if (all === undefined || (all.findings.length === 0 && all.edits.length === 0)) return undefined;
  for (const [name, value] of fields) {
    const blocked = lookAtField(look, name, value, found, headers);
    if (blocked !== undefined) return blocked;
  }
  return undefined;
}

function lookAtField(
  look: TextLook,
  name: string,
  value: string,
  found: Finding[],
  headers: HeadFields,
): Finding | undefined {
  const scan = lookAtText(look, value, "", `header:${name}`);
  if (scan === undefined) return undefined;
  const isKept = GONE_BY.has(name);
  for (const finding of scan.findings) {
    const isLeft = isKept && finding.action === "redact";
    found.push({ ...finding, part: `header:${name}`, ...(isLeft && { action: "report" }) });
  }
  if (scan.blocked !== undefined) return { ...scan.blocked, part: `header:${name}` };
  if (scan.edits.length > 0 && !isKept) headers.put?.(name, takenOut(look.plan, value, scan.edits));
  return undefined;
}
