/** Denials that hit more than they seem to say: every call that lacks what their condition reads. */
import type { CompiledRule } from "./compiled-rule.ts";
import type { ProblemList } from "./source-text.ts";
import { isRequired, type ToolSchemas } from "./tool-schemas.ts";

export function findWideDenials(
  rules: readonly CompiledRule[],
  tools: ToolSchemas,
  warnings: ProblemList,
): void {
  for (const rule of rules) {
    if (rule.effect !== "deny") continue;
    for (const { path, place } of rule.condition?.absentReads ?? []) {
      if (isAlwaysSent(rule, path, tools)) continue;
      const message = `rule ${rule.id} also denies every call without ${path}: its condition fails there`;
      const help = `write has(${path}) && (…) to spare them, !has(${path}) || (…) to say so`;
      warnings.report(place, message, help);
    }
  }
}

const ARGUMENT = /^args\.([^.]+)$/;

function isAlwaysSent({ selector }: CompiledRule, path: string, tools: ToolSchemas): boolean {
  const name = ARGUMENT.exec(path)?.[1];
  if (name === undefined || selector.kind !== "tool") return false;
  const globs = selector.tools.map(({ text }) => text);
  return isRequired(globs, name, tools);
}
