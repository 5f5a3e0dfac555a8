/** Checks an entry of `meta_tools:` and says what it makes of the tool. */
import type { MetaTool } from "../../core/meta-tool/meta-tool.ts";
import type { Complain } from "./resolve-upstream.ts";
import type { UpstreamEntry } from "./upstream-schema.ts";

export function resolveMetaTool(
  { tool, name_in, server_in, args_in, list_in }: UpstreamEntry["meta_tools"][number],
  index: number,
  complain: Complain,
): MetaTool {
  const key = `meta_tools[${index}]`;
  if (name_in !== undefined) {
    if (list_in !== undefined) {
      complain(`${key}.list_in`, "a tool calls others or lists them", "either name_in or list_in");
    }
    return { kind: "call", tool, nameIn: name_in, serverIn: server_in, argsIn: args_in };
  }
  if (server_in !== undefined || args_in !== undefined) {
    complain(key, "which argument names the tool?", "name_in: tool_name");
  }
  return list_in === undefined
    ? { kind: "plain", tool }
    : { kind: "search", tool, listIn: list_in };
}
