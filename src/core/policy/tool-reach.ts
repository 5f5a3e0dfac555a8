import type { ToolAction } from "../action.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import { globsMeet, nameGlob } from "./glob.ts";
import { keyOf } from "./selector.ts";

/** Whether one of these rules selects some other tool of the same upstream, whatever it has. */
export function mayCallSome(rules: readonly CompiledRule[], action: ToolAction): boolean {
  const all = nameGlob(`${action.upstream}.*`);
  const own = keyOf(action);
  return rules.some(
    ({ selector }) =>
      selector.kind === "tool" &&
      (selector.tools.length === 0 ||
        selector.tools.some((tool) => tool.text !== own && globsMeet(tool, all))),
  );
}
