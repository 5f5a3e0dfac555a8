/** Workers of one gateway, and servers whose name changes hands. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { id } from "../../../src/core/units.ts";
import { PeerLinks } from "../../../src/proxy/mcp/peers/peer-links.ts";
import { AnswerStream } from "../../../src/proxy/mcp/transport/answer-stream.ts";
import type { McpRequest, McpServerSide } from "../../../src/proxy/mcp/transport/mcp-request.ts";

const NAME = "notes/side";
const OF_WORKER_1: McpRequest = {
  verb: "DELETE",
  headers: ["mcp-session-id", "spc_1.abc"],
  sent: undefined,
  question: { kind: "end" },
  principal: {
    agent: id("bot"),
    tenant: id("default"),
    session: id("run"),
    team: undefined,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "api_key",
  },
};

const sideOf = (owner: string): McpServerSide => ({
  ask: (_, handler) => new AnswerStream(handler).reply(200, JSON.stringify({ owner })),
  close: () => Promise.resolve(),
});

function answered(side: McpServerSide): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = "";
    side.ask(OF_WORKER_1, {
      onResponseData: (_, chunk) => void (body += chunk.toString()),
      onResponseEnd: () => resolve(body),
      onResponseError: (_, error) => reject(error),
    });
  });
}

describe("sides that workers share", () => {
  let directory: string;
  let here: PeerLinks;
  let there: PeerLinks;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "peers-"));
    here = new PeerLinks({ directory, slot: 0, count: 2 });
    there = new PeerLinks({ directory, slot: 1, count: 2 });
    await here.listen(() => {});
  });
  afterEach(async () => {
    await here[Symbol.asyncDispose]();
    await there[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  it("go with their owner: who has the name next is asked, not who had it", async () => {
    await there.listen(() => void there.share(NAME, sideOf("next")));
    await there.share(NAME, sideOf("first")).close();
    expect(await answered(here.share(NAME, sideOf("none")))).toBe('{"owner":"next"}');
  });

  it("stay where an owner of before is closed late", async () => {
    await there.listen(() => {});
    const first = there.share(NAME, sideOf("first"));
    there.share(NAME, sideOf("next"));
    await first.close();
    expect(await answered(here.share(NAME, sideOf("none")))).toBe('{"owner":"next"}');
  });
});
