/** Calls that wait for a person's word on their own wire, and what each of them hears meanwhile. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startDemoMcpServer } from "../../src/app/demo/mcp-server.ts";
import { administer, type Ask } from "../support/management.ts";
import { startProvider } from "../support/provider-upstream.ts";
import type { RecordingUpstream } from "../support/recording-upstream.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const POLICY = `
version: 1
agents: [tester]
rules:
  - { id: tools, tools: ["tools.*"], effect: approve }
  - { id: quick, tools: ["quick.*"], effect: approve, approval: { hold_max: 0s } }
  - { id: web, http: { upstreams: [web] }, effect: approve }
  - { id: slow, http: { upstreams: [web], paths: [/slow/**] }, effect: approve, approval: { hold_max: 20s } }
  - { id: long, http: { upstreams: [web], paths: [/long/**] }, effect: approve, approval: { hold_max: 280s } }
  - { id: short, http: { upstreams: [web], paths: [/short/**] }, effect: approve, approval: { hold_max: 1s } }
  - { id: models, llm: { models: ["*"] }, effect: approve }
`;

let demo: Awaited<ReturnType<typeof startDemoMcpServer>>;
let provider: RecordingUpstream;
let web: RecordingUpstream;
let gate: SallyportProcess;
let ask: Ask;

beforeAll(async () => {
  [demo, provider] = await Promise.all([startDemoMcpServer(), startProvider()]);
  web = await startRecordingUpstream((_request, response) => void response.end("done"));
  gate = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: tools, wire: mcp, url: "${demo.url}", allow_private: true }
  - { name: quick, wire: mcp, url: "${demo.url}", allow_private: true }
  - { name: web, wire: http, url: "${web.url}", allow_private: true }
  - { name: openai, wire: openai, url: "${provider.url}/v1", allow_private: true }
`,
    policies: { "tester.yaml": POLICY },
  });
  ask = await administer(gate);
});
afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  await Promise.all([demo?.close(), provider?.[Symbol.asyncDispose](), web[Symbol.asyncDispose]()]);
});

/** The review of a call that waits: it shows `about` in what would be done. */
function waiting(about: string): Promise<string> {
  const find = async (): Promise<string> => {
    const { items } = await ask("GET", "/reviews?status=pending&limit=200");
    for (const item of items) if (JSON.stringify(item.action).includes(about)) return item.id;
    throw new Error(`nothing about ${about} waits`);
  };
  return eventually(find);
}

const say = (review: string, word: string) => ask("POST", `/reviews/${review}/${word}`, {});

function call(text: string, progressToken?: string) {
  const meta = progressToken === undefined ? {} : { _meta: { progressToken } };
  const params = { name: "echo", arguments: { text }, ...meta };
  return post("/mcp/tools", { "mcp-protocol-version": "2025-11-25" }, params);
}

function callFederated(text: string) {
  const version = "2026-07-28";
  const meta = "io.modelcontextprotocol/";
  return post(
    "/mcp",
    { "mcp-protocol-version": version, "mcp-method": "tools/call", "mcp-name": "tools.echo" },
    {
      name: "tools.echo",
      arguments: { text },
      _meta: {
        [`${meta}protocolVersion`]: version,
        [`${meta}clientInfo`]: { name: "t", version: "1" },
        [`${meta}clientCapabilities`]: {},
      },
    },
  );
}

function post(path: string, headers: Record<string, string>, params: object) {
  return fetch(`${gate.url}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  });
}

function complete(prompt: string) {
  return fetch(`${gate.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "gpt-4o-mini",
      stream: true,
      messages: [{ role: "user", content: prompt }],
    }),
  });
}

const remove = (path: string, prefer?: string) =>
  fetch(`${gate.url}/web${path}`, {
    method: "DELETE",
    ...(prefer !== undefined && { headers: { prefer } }),
  });

describe.concurrent("a call that waits", () => {
  it("passes on its own connection once a person says yes", async () => {
    const [tool, http] = [call("first"), remove("/slow/1")];
    await say(await waiting("first"), "approve");
    await say(await waiting("/slow/1"), "approve");
    expect(await (await http).text()).toBe("done");
    expect(await (await tool).text()).toContain("first");
  });

  it("is refused on it once a person says no, or not now", async () => {
    const [denied, deferred] = [call("second"), call("third")];
    await say(await waiting("second"), "deny");
    await say(await waiting("third"), "defer");
    expect(await (await denied).text()).toContain("approval_denied");
    expect(await (await deferred).text()).toContain("put this call off");
  });

  it("goes on to wait for whom its review was handed on to", async () => {
    const answer = call("fourth");
    const next = await say(await waiting("fourth"), "escalate");
    expect(next).toMatchObject({ origin: "escalation", status: "pending" });
    await say(next.id, "approve");
    expect(await (await answer).text()).toContain("fourth");
  });

  it("hears after its time that it is pending, and passes when it is made again", async () => {
    const late = await remove("/short/1");
    expect(late.status).toBe(403);
    expect(await late.json()).toMatchObject({ code: "approval_required" });
    await say(await waiting("/short/1"), "approve");
    expect((await remove("/short/1")).status).toBe(200);
  });

  it("waits on plain HTTP as long as the client wishes, without a word from the rule", async () => {
    expect((await remove("/wish/1")).status).toBe(403);
    const answer = remove("/wish/2", "wait=20");
    await say(await waiting("/wish/2"), "approve");
    expect((await answer).status).toBe(200);
  });

  it("is taken and told where to look, where the client prefers to come back", async () => {
    const taken = await remove("/slow/async", "respond-async");
    expect(taken.status).toBe(202);
    expect(await taken.json()).toMatchObject({ status: 202, code: "approval_required" });
    expect(taken.headers.get("retry-after")).toMatch(/^\d+$/);
    const place = taken.headers.get("location") ?? "";
    const look = async () => (await fetch(`${gate.url}${place}`)).json();
    const review = await waiting("/slow/async");
    expect(place).toBe(`/-/reviews/${review}`);
    expect(await look()).toMatchObject({ id: review, status: "pending" });
    await say(review, "approve");
    expect(await look()).toMatchObject({ status: "approved" });
    expect((await remove("/slow/async", "respond-async")).status).toBe(200);
    expect(await look()).toMatchObject({ status: "used" });
    expect((await fetch(`${gate.url}/-/reviews/rev_nobody`)).status).toBe(404);
  });

  it("shows progress to a client of MCP, and then its answer in the same stream", async () => {
    const answer = await call("fifth", "p-1");
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    await say(await waiting("fifth"), "approve");
    const events = await answer.text();
    expect(events).toMatch(/"method":"notifications\/progress","params":\{"progressToken":"p-1"/);
    expect(events).toMatch(/data: \{.*"result".*fifth/);
  });

  it("shows a stream of a model that it lives, and the refusal as its last event", async () => {
    const [yes, no] = await Promise.all([complete("say: sixth"), complete("say: seventh")]);
    await say(await waiting("sixth"), "approve");
    await say(await waiting("seventh"), "deny");
    const [passed, refused] = await Promise.all([yes.text(), no.text()]);
    expect(passed).toMatch(/^: waiting/);
    expect(passed).toMatch(/"sixth"[\s\S]*data: \[DONE\]/);
    expect(refused).toMatch(/^: waiting[\s\S]*data: \{"error":.*approval_denied/);
    expect(refused).not.toContain("[DONE]");
  });

  it("waits behind the federation as well", async () => {
    const answer = callFederated("eighth");
    await say(await waiting("eighth"), "approve");
    expect(await (await answer).text()).toContain("eighth");
  });
});

it("a call that is still waited for asks its client to come back, and the server hears nothing of it", async () => {
  const asked: string[] = [];
  const client = new Client(
    { name: "t", version: "1" },
    { versionNegotiation: { mode: "auto" }, capabilities: { elicitation: { form: {} } } },
  );
  client.setRequestHandler("elicitation/create", async ({ params }) => {
    asked.push(params.message);
    await say(await waiting("ninth"), "approve");
    return { action: "accept", content: {} };
  });
  const url = new URL(`${gate.url}/mcp/quick`);
  await client.connect(new StreamableHTTPClientTransport(url));
  const result = await client.callTool({ name: "echo", arguments: { text: "ninth" } });
  expect(result.content).toMatchObject([{ text: expect.stringContaining("ninth") }]);
  expect(asked).toEqual([expect.stringMatching(/needs approval .* approves nothing itself/)]);
  await client.close();
});

it("a call that waits is refused when its agent is frozen, also on a stream that has begun", async () => {
  const [tool, http] = [call("icy"), remove("/long/frozen")];
  await waiting("icy");
  await waiting("/long/frozen");
  await ask("POST", "/stops", { agent: "tester", mode: "freeze", reason: "test" });
  // The second would wait for longer than this test may take.
  expect(await (await tool).text()).toContain("agent_stopped");
  expect(await (await http).text()).toContain("agent_stopped");
  await ask("POST", "/stops/lift", { agent: "tester" });
}, 60_000);

it("a call that waits ends with an operator's stop, at once and as that", async () => {
  const answer = remove("/slow/stopped");
  await waiting("/slow/stopped");
  const session = await ask("POST", "/stops", { mode: "kill", reason: "test", agent: "tester" });
  expect(session).toMatchObject({ mode: "kill" });
  expect(await (await answer).json()).toMatchObject({ code: "agent_stopped" });
});
