/** Definitions as lines for people and as data for programs. */
import { definitionLook } from "../core/meta-tool/definition-look.ts";
import { definitionLabel } from "../core/trust/definition.ts";
import { DIFFERENCES_MAX, differencesOf } from "../core/trust/definition-diff.ts";
import { printable } from "../lib/printable.ts";
import type { PinnedDefinition } from "../stores/sqlite/definition-rows.ts";

const STANDING_CHARS = 8;

export function pinLine({ pin, approvedBy, seenText }: PinnedDefinition): readonly string[] {
  const { ref, standing, seen, suspicions } = pin;
  const scope = ref.scope === "" ? "" : `  as ${ref.scope}`;
  const by = standing === "approved" && approvedBy !== undefined ? `  by ${approvedBy}` : "";
  const label = printable(definitionLabel(ref));
  const head = `${standing.padEnd(STANDING_CHARS)}  ${label}  ${seen.slice(0, HASH_CHARS)}${scope}${by}`;
  const way = ref.kind === "tool" ? wayOf(definitionLook(seenText)) : undefined;
  return [
    head,
    ...(way === undefined ? [] : [`          > ${way}`]),
    ...suspicions.map(({ kind, detail }) => `          ! ${kind}: ${printable(detail)}`),
  ];
}

/** What the operator may want to say of it in `meta_tools`. */
function wayOf(look: ReturnType<typeof definitionLook>): string | undefined {
  switch (look?.kind) {
    case "call":
      return `calls the tool that ${look.nameIn} names, it seems; policy judges that one too`;
    case "ambiguous":
      return "calls several tools at once, it seems; such calls are refused";
    case "search":
      return "finds tools, it seems; its answers name only those that may be used";
    case undefined:
      return undefined;
  }
}

/** Enough to compare by eye; `--json` and `diff` have it whole. */
const HASH_CHARS = 15;

export function differenceLines(pinned: PinnedDefinition): readonly string[] {
  const { pin, approvedText, seenText } = pinned;
  const lines = [...pinLine(pinned), `seen      ${pin.seen}`];
  if (approvedText === undefined) {
    return [...lines, "nothing is approved; the server says:", indented(seenText)];
  }
  lines.push(`approved  ${pin.approved ?? ""}`);
  const differences = differencesOf(approvedText, seenText);
  if (differences.length === 0) return [...lines, "no difference"];
  for (const { aspect, pointer, before, after } of differences) {
    lines.push(`${aspect}: ${printable(pointer === "" ? "/" : pointer)}`);
    if (before !== undefined) lines.push(`  - ${printable(before)}`);
    if (after !== undefined) lines.push(`  + ${printable(after)}`);
  }
  if (differences.length >= DIFFERENCES_MAX) lines.push("and more");
  return lines;
}

function indented(definition: unknown): string {
  const lines = JSON.stringify(definition, undefined, 2).split("\n");
  return lines.map((line) => `  ${printable(line)}`).join("\n");
}

export function pinJson({ pin, ...rest }: PinnedDefinition): object {
  const { ref, standing, seen, approved, suspicions } = pin;
  return {
    name: definitionLabel(ref),
    upstream: ref.upstream,
    scope: ref.scope,
    kind: ref.kind,
    standing,
    seen,
    approved: approved ?? null,
    approved_by: rest.approvedBy ?? null,
    approved_at: timeOf(rest.approvedAt),
    first_seen_at: timeOf(rest.firstSeenAt),
    changed_at: timeOf(rest.changedAt),
    suspicions,
    approved_definition: rest.approvedText ?? null,
    seen_definition: rest.seenText,
  };
}

function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
