import { Buffer } from "node:buffer";
import type { Dispatcher } from "undici";
import type { Departure, UpstreamTransport } from "../../upstream-transport.ts";
import { McpInterpretation } from "../mcp-interpretation.ts";
import type { McpRequest, McpServerSide } from "./mcp-request.ts";

/** From the data plane's words into MCP's: what was interpreted is not read a second time. */
export class DepartureGate implements UpstreamTransport {
  readonly #server: McpServerSide;

  constructor(server: McpServerSide) {
    this.#server = server;
  }

  dispatch(departure: Departure, handler: Dispatcher.DispatchHandler): void {
    this.#server.ask(mcpRequestOf(departure), handler);
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** Throws for what is no MCP: that would be a bug of the wiring. */
export function mcpRequestOf({ method, headers, interpretation }: Departure): McpRequest {
  if (!(interpretation instanceof McpInterpretation)) throw new TypeError("not an MCP exchange");
  const { question, sent, principal } = interpretation;
  const verb = method === "GET" || method === "DELETE" ? method : "POST";
  return { verb, headers, sent, question, principal };
}

/** The bytes of a message, for HTTP. */
export function bodyOf({ sent }: McpRequest): Buffer | null {
  return sent === undefined ? null : Buffer.from(sent.text);
}
