/** A prompt, a resource or a server's question, as tests and the command line write it. */
import { MCP_SELECTOR_KEYS, MCP_SELECTORS } from "./mcp-selectors.ts";
import type { TestCall } from "./policy-file.ts";

type Selectors = typeof MCP_SELECTORS;
export type McpCallKey = Selectors[keyof Selectors]["one"];

export const MCP_CALL_KEYS: readonly McpCallKey[] = MCP_SELECTOR_KEYS.map(
  (key) => MCP_SELECTORS[key].one,
);

export function isMcpCallKey(key: string): key is McpCallKey {
  return MCP_CALL_KEYS.some((one) => one === key);
}

/** `undefined` where the target does not name its upstream. `json`: the arguments' text. */
export function mcpCall(
  key: McpCallKey,
  target: string,
  json: string | undefined,
): TestCall | undefined {
  const selector = Object.values(MCP_SELECTORS).find(({ one }) => one === key);
  const method = selector?.methods[0] ?? "";
  if (selector?.names !== true) {
    return { kind: "mcp", upstream: target, method, name: undefined, json };
  }
  const dot = target.indexOf(".");
  if (dot <= 0 || dot === target.length - 1) return undefined;
  const [upstream, name] = [target.slice(0, dot), target.slice(dot + 1)];
  return { kind: "mcp", upstream, method, name, json };
}
