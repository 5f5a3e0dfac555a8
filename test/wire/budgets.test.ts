import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { outcomeOf, readRecorded } from "../support/recorded.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { OVERRUN_TOKENS_MAX } from "../../src/pipeline/call-meter.ts";

const WORDS = 1000;
const CAP = 100;
const USAGE = { prompt_tokens: 20, completion_tokens: 30, total_tokens: 50 };

/** One dollar for a million tokens: 1,000 nano-USD each. */
const POLICY = `version: 1
agents: [tester]
budgets:
  clamped:  { limit: 0.002 USD, per: all, window: lifetime, on_exceed: clamp, tell_agent: true }
  pocket:   { limit: 1 tokens,  per: all, window: lifetime, on_exceed: { downgrade: cheap } }
  nothing:  { limit: 1 tokens,  per: all, window: lifetime, on_exceed: { downgrade: forbidden } }
  cheaper:  { limit: 100000 tokens, per: all, window: lifetime }
  short:    { limit: 800 tokens, per: model, window: day }
  soft:     { limit: 1000 tokens, per: all, window: day, notify_at: [10, 50] }
rules:
  - { id: clamp, llm: { models: [clamped] },    effect: allow, charge: clamped }
  - { id: dear,  llm: { models: [dear] },       effect: allow, charge: pocket }
  - { id: alone, llm: { models: [alone] },      effect: allow, charge: nothing }
  - { id: cheap, llm: { models: [cheap] },      effect: allow, charge: cheaper }
  - { id: short, llm: { models: ["short-*"] },  effect: allow, charge: short }
  - { id: soft,  llm: { models: [soft] },       effect: allow, charge: soft }
  - { id: gate,  llm: { models: [forbidden] },  effect: approve, approval: { hold_max: 0s } }
`;

let passed: Promise<unknown> = Promise.resolve();
let provider: RecordingUpstream;
let sallyport: SallyportProcess;

beforeAll(async () => {
  provider = await startRecordingUpstream(async (request, response, body) => {
    const asked: { readonly stream?: boolean; readonly model?: string } = JSON.parse(
      body.toString(),
    );
    if (asked.stream === true) {
      await babble(request.url ?? "", response);
      return;
    }
    const message = { role: "assistant", content: "hi" };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ id: "1", model: asked.model, choices, usage: USAGE }));
  });
  const upstream = (wire: string): string =>
    `  - { name: ${wire}, wire: ${wire}, url: "${provider.url}", allow_private: true }\n`;
  sallyport = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n" +
      "prices: { unpriced: { input_usd_per_mtok: 1, output_usd_per_mtok: 1 } }\nupstreams:\n" +
      upstream("openai") +
      upstream("anthropic") +
      upstream("gemini"),
    policies: { "p.yaml": POLICY },
  });
});
afterAll(async () => {
  await sallyport[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(() => (provider.requests.length = 0));

/** An answer that heeds no cap, a token an event; past the cap it waits until the gate has asked. */
async function babble(url: string, response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let n = 0; n < WORDS; n += 1) {
    if (n === CAP + 1) await passed;
    const event = url.endsWith("/messages")
      ? { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "w " } }
      : { choices: [{ index: 0, delta: { content: "w " } }] };
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

function ask(path: string, body: object): Promise<Response> {
  return fetch(`${sallyport.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: "hi" }], ...body }),
  });
}

const chat = (body: object): Promise<Response> => ask("/openai/v1/chat/completions", body);
const sent = (): { readonly model?: string; readonly max_tokens?: number } =>
  JSON.parse(provider.requests[0]?.body.toString() ?? "{}");

async function recorded(response: Response) {
  const exchange = response.headers.get("x-sallyport-exchange") ?? "";
  await sallyport.stop();
  const all = await readRecorded(sallyport.dataDirectory);
  sallyport = await sallyport.restart();
  return { intent: all.intents.get(exchange), outcome: outcomeOf(all, exchange) };
}

describe("a budget that clamps", () => {
  it("sends a lower cap upstream, says so to the agent and keeps it on the record", async () => {
    const response = await chat({ model: "clamped", max_tokens: 50_000 });
    expect(response.status).toBe(200);
    const cap = sent().max_tokens ?? 0;
    expect(cap).toBeGreaterThan(1000);
    expect(cap).toBeLessThan(1500);
    expect(response.headers.get("x-sallyport-adjusted")).toBe(
      `clamped;output_tokens=${cap};budget="clamped"`,
    );
    expect(response.headers.get("x-sallyport-budget")).toBe(
      '"clamped";left="0 USD";limit="0.002 USD"',
    );
    expect(response.headers.get("x-sallyport-cost")).toBe("0.00005 USD");
    const { intent, outcome } = await recorded(response);
    expect(intent?.asked.adjusted).toEqual({
      kind: "clamped",
      budget: "clamped",
      outputTokens: cap,
    });
    expect(outcome.cost?.cost).toBe(50_000);
  });
});

describe("a cap that is no cap", () => {
  const SHELL = '"messages":[{"role":"user","content":"hi"}]';
  const raw = (path: string, body: string): Promise<Response> =>
    fetch(`${sallyport.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });

  it.each([
    '"max_tokens":1,"max_tokens":1000000',
    '"max_tokens":1,"max_completion_tokens":-1',
    '"max_tokens":-1',
    '"max_tokens":1.5',
    '"max_tokens":1e400',
    '"max_tokens":9007199254740991',
    '"max_tokens":NaN',
    '"max_tokens":"1"',
    '"max_tokens":[1]',
    '"Max_Tokens":1',
    '"n":-1',
    '"n":1e9',
  ])("is refused, and nothing is sent: %s", async (members) => {
    const refused = await raw(
      "/openai/v1/chat/completions",
      `{"model":"clamped",${SHELL},${members}}`,
    );
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: "malformed" });
    expect(provider.requests).toHaveLength(0);
  });

  const DOORS = [
    ["responses", "/openai/v1/responses", '"input":"hi"', "max_output_tokens"],
    ["completions", "/openai/v1/completions", '"prompt":"hi"', "max_tokens"],
    ["messages", "/anthropic/v1/messages", SHELL, "max_tokens"],
  ] as const;
  const CAPS = ["-1", "1.5", "1e400", "9007199254740991", "NaN", '"1"', "[1]", '1,"%":1000000'];

  it.each(DOORS)(
    "is refused on %s too, and nothing is sent",
    async (_name, path, shell, member) => {
      for (const cap of CAPS) {
        const members = `"${member}":${cap.replace("%", member)}`;
        const refused = await raw(path, `{"model":"clamped",${shell},${members}}`);
        expect(await refused.json(), members).toMatchObject({ code: "malformed" });
      }
      expect(provider.requests).toHaveLength(0);
    },
  );

  it("is refused on generateContent too, in either spelling, and in both", async () => {
    const path = "/gemini/v1beta/models/clamped:generateContent";
    const members = CAPS.map((cap) => `"maxOutputTokens":${cap.replace("%", "maxOutputTokens")}`);
    members.push('"max_output_tokens":-1', '"maxOutputTokens":1,"max_output_tokens":1000000');
    for (const member of members) {
      const refused = await raw(path, `{"contents":[],"generationConfig":{${member}}}`);
      expect(await refused.json(), member).toMatchObject({ code: "malformed" });
    }
    expect(provider.requests).toHaveLength(0);
  });

  it.each([
    ["responses", "/openai/v1/responses", '"input":"hi"'],
    ["completions", "/openai/v1/completions", '"prompt":"hi"'],
    ["messages", "/anthropic/v1/messages", `${SHELL},"max_tokens":1000000`],
    ["generate", "/gemini/v1beta/models/short-x:generateContent", '"contents":[]'],
  ])("is held for at its worst on %s, absent or absurd", async (_name, path, members) => {
    const model = path.includes("gemini") ? "" : '"model":"short-x",';
    const refused = await raw(path, `{${model}${members}}`);
    expect(await refused.json()).toMatchObject({ code: "budget_exceeded" });
    expect(provider.requests).toHaveLength(0);
  });

  it.each(['"max_tokens":1000000', '"n":128', '"temperature":1'])(
    "is held for at its worst: %s",
    async (members) => {
      const body = `{"model":"short-x",${SHELL},${members}}`;
      const refused = await raw("/openai/v1/chat/completions", body);
      expect(await refused.json()).toMatchObject({ code: "budget_exceeded" });
      expect(provider.requests).toHaveLength(0);
    },
  );
});

describe("a budget that downgrades", () => {
  it("asks the other model, as policy allows and charges it", async () => {
    const response = await chat({ model: "dear", max_tokens: 100 });
    expect(response.status).toBe(200);
    expect(sent().model).toBe("cheap");
    expect(response.headers.get("x-sallyport-adjusted")).toBe(
      'downgraded;model="cheap";asked="dear";budget="pocket"',
    );
    const { intent } = await recorded(response);
    expect(intent?.asked).toMatchObject({
      action: { model: "cheap" },
      decision: { because: ["cheap"] },
      adjusted: { kind: "downgraded", from: "dear", to: "cheap", budget: "pocket" },
      reservation: { holds: [{ budget: "cheaper" }] },
    });
  });

  it.each([
    {
      wire: "Gemini's",
      path: "/gemini/v1beta/models/dear:generateContent",
      body: { contents: [], model: "models/dear", generationConfig: { maxOutputTokens: 100 } },
      asked: "/v1beta/models/cheap:generateContent",
      model: "models/cheap",
    },
    {
      wire: "Azure's",
      path: "/openai/openai/deployments/dear/chat/completions?api-version=2024-10-21",
      body: { messages: [], max_tokens: 100 },
      asked: "/openai/deployments/cheap/chat/completions?api-version=2024-10-21",
      model: undefined,
    },
  ])("asks the other model in $wire path", async ({ path, body, asked, model }) => {
    const response = await fetch(`${sallyport.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    expect(provider.requests[0]?.url).toBe(asked);
    expect(sent()).toEqual({ ...body, ...(model && { model }) });
    const { intent } = await recorded(response);
    expect(intent?.asked).toMatchObject({
      action: { model: "cheap" },
      adjusted: { kind: "downgraded", from: "dear", to: "cheap" },
      reservation: { holds: [{ budget: "cheaper" }] },
    });
  });

  it.each([
    ["/openai/v1/embeddings", { model: "dear", input: "hi" }],
    ["/gemini/v1beta/models/dear:embedContent", { content: { parts: [{ text: "hi" }] } }],
  ])("refuses %s, because vectors of two models do not go together", async (path, body) => {
    const refused = await fetch(sallyport.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(await refused.json()).toMatchObject({ code: "budget_exceeded" });
    expect(provider.requests).toHaveLength(0);
  });

  it("refuses where policy does not allow the other model", async () => {
    const response = await chat({ model: "alone", max_tokens: 100 });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "budget_exceeded" });
    expect(provider.requests).toHaveLength(0);
  });
});

describe("a stream whose money is gone", () => {
  it.each([
    ["/openai/v1/chat/completions", "short-a", /\ndata: \{"error":\{[^\n]*"budget_exceeded"/],
    [
      "/anthropic/v1/messages",
      "short-b",
      /event: error\ndata: \{"type":"error"[^\n]*budget_exceeded/,
    ],
  ])("of %s ends in the dialect's error within the stated tokens", async (path, model, last) => {
    const said = sallyport.output().length;
    passed = expect.poll(() => sallyport.output().slice(said)).toContain("budget_exhausted");
    const response = await ask(path, { model, max_tokens: CAP, stream: true });
    const text = await response.text();
    const words = text.match(/"w "/g)?.length ?? 0;
    expect(words).toBeGreaterThan(CAP);
    expect(words).toBeLessThanOrEqual(CAP + OVERRUN_TOKENS_MAX + 1);
    expect(text).toMatch(last);
    const { outcome } = await recorded(response);
    expect(outcome.outcome).toMatchObject({ kind: "cut", code: "budget_exceeded" });
    expect(outcome.outcome).toHaveProperty("bytes", Buffer.byteLength(text));
    expect(outcome.cost?.usage).toMatchObject({ source: "estimated" });
    expect(outcome.cost?.cost).toBeGreaterThanOrEqual(words * 1000);
    expect(sallyport.output()).not.toContain("bug");
  });

  it("goes on while the budget has more, whatever the cap said", async () => {
    passed = Promise.resolve();
    const response = await chat({ model: "cheap", max_tokens: CAP, stream: true });
    expect((await response.text()).match(/"w "/g)).toHaveLength(WORDS);
  });
});

describe("a soft limit", () => {
  it("tells the operator once, and lets the call go", async () => {
    const said = sallyport.output().length;
    const told = () =>
      sallyport
        .output()
        .slice(said)
        .match(/budget_threshold/g) ?? [];
    for (let n = 0; n < 3; n += 1) {
      const response = await chat({ model: "soft", max_tokens: 100 });
      expect(response.status).toBe(200);
    }
    await expect.poll(told).toHaveLength(1);
    const metrics = await (await fetch(`${sallyport.manageUrl}/metrics`)).text();
    expect(metrics).toContain(
      'sallyport_budget_events_total{event="budget_threshold",budget="soft",percent="10"} 1',
    );
  });
});
