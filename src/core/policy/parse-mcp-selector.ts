import { MCP_SELECTORS, type McpSelectorKey } from "./mcp-selectors.ts";
import { freeGlobsOf, nameGlobsOf, placeOf, type Parsing } from "./parse-clause.ts";
import type { GlobClause, SelectorClause } from "./policy-file.ts";
import type { YamlNode } from "./yaml-node.ts";

export function isMcpSelectorKey(key: string): key is McpSelectorKey {
  return Object.hasOwn(MCP_SELECTORS, key);
}

/** `prompts: [crm.greet]` and its kin, in the terms of `mcp:`. */
export function parseMcpSelector(
  key: McpSelectorKey,
  node: YamlNode,
  parsing: Parsing,
): SelectorClause {
  const { methods, names } = MCP_SELECTORS[key];
  const place = placeOf(node, parsing);
  const glob = (text: string): GlobClause => ({ kind: "glob", place, text });
  const shared = { kind: "mcp", methods: methods.map(glob), names: [] } as const;
  if (!names) return { ...shared, upstreams: nameGlobsOf(node, parsing), targets: [] };
  const targets = freeGlobsOf(node, parsing);
  const upstreams = targets.map(({ text }) => glob(upstreamOf(text)));
  return { ...shared, upstreams, targets };
}

/** What a target says of its upstream: rules are indexed by it. No upstream's name has a dot. */
function upstreamOf(target: string): string {
  const end = target.search(/[.*]/);
  return target[end] === "." ? target.slice(0, end) : "*";
}
