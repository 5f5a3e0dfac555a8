import { atOnce } from "../../support/at-once.ts";
import { describe, expect, it } from "vitest";
import { createMcpWire } from "../../../src/proxy/mcp/mcp-wire.ts";
import type { RequestHead } from "../../../src/proxy/wire.ts";
import {
  bytesOf,
  mcpContext,
  mcpHead,
  statelessHead,
  STATELESS,
  NO_LOGIN,
  NO_STATES,
  NO_TASKS,
  TRUSTING,
  VERSION_KEY,
} from "../../support/mcp.ts";

const CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities";

function sent(body: Buffer, head: RequestHead, allowed: readonly string[]): string {
  const context = mcpContext((_, use) => use.kind === "mcp" && allowed.includes(use.method));
  const verdict = atOnce(
    createMcpWire({
      definitions: TRUSTING,
      states: NO_STATES,
      login: NO_LOGIN,
      tasks: NO_TASKS,
    })
      .open(head)
      .interpret(body, context),
  );
  if (verdict.kind === "halt") throw new Error(verdict.refusal.detail);
  const composed = verdict.value.compose({ redacted: undefined, outputTokens: undefined });
  return composed.kind === "bytes" ? Buffer.from(composed.bytes).toString() : "";
}

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } },
    clientInfo: { name: "t", version: "1" },
  },
};

describe("a server hears of a client", () => {
  it("only what policy would let it ask, when a session begins", () => {
    const text = sent(bytesOf(INITIALIZE), mcpHead(), ["elicitation/create"]);
    expect(JSON.parse(text).params).toEqual({
      ...INITIALIZE.params,
      capabilities: { elicitation: { form: {} }, roots: { listChanged: true } },
    });
  });

  it("the same with each request of the stateless era, and every other byte stays", () => {
    const meta = `"${VERSION_KEY}":"${STATELESS}","${CAPABILITIES_KEY}":`;
    const body = (capabilities: string): string =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a",` +
      `"arguments":{"n":12345678901234567890.10},"_meta":{${meta}${capabilities}}}}`;
    const head = statelessHead("tools/call", "a");
    const before = Buffer.from(body('{"sampling":{},"roots":{}}'));
    expect(sent(before, head, [])).toBe(body('{"roots":{}}'));
    expect(sent(before, head, ["sampling/createMessage"])).toBe(before.toString());
  });
});
