import type { Departure } from "../../upstream-transport.ts";
import { McpInterpretation } from "../mcp-interpretation.ts";
import type { McpRequest } from "./mcp-request.ts";

/**
 * From the data plane's words into MCP's: what was interpreted is not read a second time. Throws
 * for what is no MCP exchange, which would be a bug of the wiring.
 */
export function mcpRequestOf({ method, headers, interpretation }: Departure): McpRequest {
  if (!(interpretation instanceof McpInterpretation)) throw new TypeError("not an MCP exchange");
  const { question, sent, principal } = interpretation;
  const verb = method === "GET" || method === "DELETE" ? method : "POST";
  return { verb, headers, sent, question, principal };
}
