import { canonicalJson } from "../../lib/canonical-json.ts";
import type { Instant } from "../units.ts";
import type { Change, ChangeDetail } from "./entry.ts";
import { clipped, digits, quote } from "./json-text.ts";

/** Members of `detail` that one record keeps, in the order of their names. */
const DETAILS_MAX = 32;

/** The record of a change without its link (see `linkText`). */
export function changeBody({ about, by, change, detail }: Change, at: Instant): string {
  return (
    `{"about":${quote(about)},"at":${digits(at)},"by":${quote(by)},"change":${quote(change)}` +
    `,"detail":${canonicalJson(keptDetail(detail))},"kind":"change"`
  );
}

/** As much of a detail as a record keeps. */
export function keptDetail(detail: ChangeDetail): ChangeDetail {
  const kept = Object.entries(detail)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, DETAILS_MAX)
    .map(([name, value]) => [name, typeof value === "string" ? clipped(value) : value] as const);
  return Object.fromEntries(kept);
}
