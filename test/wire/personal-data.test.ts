/** Personal data leaves as names and comes back as itself, on every wire and in streams. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startProvider } from "../support/provider-upstream.ts";
import type { RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const POLICY = `
version: 1
agents: [tester]
rules:
  - { id: models, llm: { models: ["*"] }, effect: allow }
inspect:
  - { id: mail, on: [request], find: [pii.email], do: redact, restore: true }
  - { id: cards, on: [request, response], find: [pii.card], do: redact }
`;

let provider: RecordingUpstream;
let sallyport: SallyportProcess;

beforeAll(async () => {
  provider = await startProvider();
  const entry = (wire: string): string =>
    `  - { name: ${wire}, wire: ${wire}, url: "${provider.url}", allow_private: true }\n`;
  sallyport = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n" +
      `upstreams:\n${entry("openai")}${entry("anthropic")}${entry("gemini")}`,
    policies: { "llm.yaml": POLICY },
  });
});
afterAll(async () => {
  await sallyport[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(() => void provider.requests.splice(0));

const SAID =
  "say: Mail ann@example.org and bo@example.org, card 4111 1111 1111 1111, ann@example.org!";
const LEFT = "say: Mail [EMAIL_1] and [EMAIL_2], card [CARD_1], [EMAIL_1]!";
const CAME = "Mail ann@example.org and bo@example.org, card [CARD_1], ann@example.org!";

async function ask(path: string, body: object): Promise<string> {
  const reply = await fetch(`${sallyport.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-sallyport-session": "one" },
    body: JSON.stringify(body),
  });
  expect(reply.status).toBe(200);
  return reply.text();
}

const messages = [{ role: "user", content: SAID }];
const CALLS: readonly (readonly [string, string, object])[] = [
  ["openai", "/openai/v1/chat/completions", { model: "gpt-4o", messages }],
  ["openai, streamed", "/openai/v1/chat/completions", { model: "gpt-4o", messages, stream: true }],
  [
    "openai responses, streamed",
    "/openai/v1/responses",
    { model: "gpt-4o", input: SAID, stream: true },
  ],
  ["anthropic", "/anthropic/v1/messages", { model: "claude-sonnet-4-5", max_tokens: 99, messages }],
  [
    "anthropic, streamed",
    "/anthropic/v1/messages",
    { model: "claude-sonnet-4-5", max_tokens: 99, messages, stream: true },
  ],
  [
    "gemini, streamed",
    "/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
    { contents: [{ role: "user", parts: [{ text: SAID }] }] },
  ],
];

/** All texts of an answer, joined: of one document or of the deltas of a stream. */
function textOf(answer: string): string {
  const found = answer.matchAll(/"(?:content|text|delta)":\s*"((?:[^"\\]|\\.)*)"/g);
  return [...found].map(([, text]) => text).join("");
}

describe("an entry that restores", () => {
  it.each(CALLS)("names what leaves and restores what comes back: %s", async (_, path, body) => {
    const answer = await ask(path, body);
    const left = provider.requests.at(-1)?.body.toString();
    expect(left).toContain(LEFT);
    expect(left).not.toContain("example.org");
    expect(textOf(answer)).toContain(CAME);
  });

  it("keeps names and values out of each other's exchanges", async () => {
    await ask("/openai/v1/chat/completions", { model: "gpt-4o", messages });
    const other = [{ role: "user", content: "say: who is [EMAIL_1]?" }];
    const answer = await ask("/openai/v1/chat/completions", { model: "gpt-4o", messages: other });
    expect(textOf(answer)).toContain("who is [EMAIL_1]?");
    expect(answer).not.toContain("example.org");
  });
});
