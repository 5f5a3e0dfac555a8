/**
 * A budget holds whichever dialect spends and whatever it is counted by (research: bifrost#2873,
 * #5673; litellm#34238: no value that is new to the gate opens a budget that was not asked for).
 */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AWS_KEY, startBedrock } from "../support/bedrock-upstream.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const OTHER_KEY = "other-agents-key-0123456789";
const SCOPES = [
  "tenant",
  "team",
  "agent",
  "user",
  "session",
  "run",
  "model",
  "upstream",
  "tag.env",
] as const;
type Scope = (typeof SCOPES)[number];

interface Call {
  readonly path: string;
  readonly body: object;
}

const messages = [{ role: "user", content: "hi" }];
const contents = [{ role: "user", parts: [{ text: "hi" }] }];

const DIALECTS: Readonly<Record<string, (upstream: string, model: string) => Call>> = {
  chat: (at, model) => ({
    path: `/openai${at}/v1/chat/completions`,
    body: { model, messages, max_tokens: 9 },
  }),
  responses: (at, model) => ({
    path: `/openai${at}/v1/responses`,
    body: { model, input: "hi", max_output_tokens: 9 },
  }),
  completions: (at, model) => ({
    path: `/openai${at}/v1/completions`,
    body: { model, prompt: "hi", max_tokens: 9 },
  }),
  embeddings: (at, model) => ({ path: `/openai${at}/v1/embeddings`, body: { model, input: "hi" } }),
  azure: (at, model) => ({
    path: `/openai${at}/openai/deployments/${model}/chat/completions?api-version=1`,
    body: { messages, max_tokens: 9 },
  }),
  messages: (at, model) => ({
    path: `/anthropic${at}/v1/messages`,
    body: { model, messages, max_tokens: 9 },
  }),
  generate: (at, model) => ({
    path: `/gemini${at}/v1beta/models/${model}:generateContent`,
    body: { contents, generationConfig: { maxOutputTokens: 9 } },
  }),
  converse: (at, model) => ({
    path: `/bedrock${at}/model/${model}/converse`,
    body: { messages: [{ role: "user", content: [{ text: "hi" }] }] },
  }),
};
const CASES = Object.keys(DIALECTS).flatMap((dialect) =>
  SCOPES.map((scope) => [dialect, scope] as const),
);

const nameOf = (dialect: string, scope: Scope): string => `${dialect}-${scope.replace(".", "-")}`;

const ruleOf = (name: string): string =>
  `  - { id: r-${name}, llm: { models: ["${name}*"] }, effect: allow, charge: ${name} }`;
const budgetOf = (name: string, scope: Scope): string =>
  `  ${name}: { limit: 1 calls, per: ${scope}, window: lifetime }`;

const POLICY = `version: 1
agents: [tester, other]
budgets:
${CASES.map(([dialect, scope]) => budgetOf(nameOf(dialect, scope), scope)).join("\n")}
rules:
${CASES.map(([dialect, scope]) => ruleOf(nameOf(dialect, scope))).join("\n")}
`;

let provider: RecordingUpstream;
let bedrock: RecordingUpstream;
let sallyport: SallyportProcess;

beforeAll(async () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, input_tokens: 1, output_tokens: 1 };
  provider = await startRecordingUpstream((_request, response) => {
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ usage, usageMetadata: { promptTokenCount: 1 } }));
  });
  bedrock = await startBedrock();
  const upstream = (wire: string, more = ""): string =>
    ["", "2"]
      .map((n) => {
        const url = wire === "bedrock" ? bedrock.url : provider.url;
        const entry = `name: ${wire}${n}, wire: ${wire}, url: "${url}", allow_private: true`;
        return `  - { ${entry}${more} }\n`;
      })
      .join("");
  const { accessKeyId, secretAccessKey, sessionToken } = AWS_KEY;
  const hash = createHash("sha256").update(OTHER_KEY).digest("hex");
  sallyport = await startSallyport({
    config:
      `agents: [{ name: tester, team: a }, { name: other, team: b, key_sha256: ${hash} }]\n` +
      "identity: { loopback_agent: tester, accept: [user, tag.env] }\n" +
      "prices: { unpriced: { input_usd_per_mtok: 1, output_usd_per_mtok: 1 } }\nupstreams:\n" +
      upstream("openai") +
      upstream("anthropic") +
      upstream("gemini") +
      upstream("bedrock", ', credential: { ref: "vault://aws", region: us-east-1 }'),
    policies: { "p.yaml": POLICY },
    secrets: [
      {
        args: ["aws", "--origin", bedrock.url, "--format", "AWS4-HMAC-SHA256 {}"],
        value: `${accessKeyId}:${secretAccessKey}:${sessionToken}`,
      },
    ],
  });
});
afterAll(async () => {
  await sallyport[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
  await bedrock[Symbol.asyncDispose]();
});

/** What makes a call another instance of the budget. */
const OTHERS = {
  tenant: undefined,
  team: { "x-sallyport-key": OTHER_KEY },
  agent: { "x-sallyport-key": OTHER_KEY },
  user: { "x-sallyport-user": "somebody-new" },
  session: { "x-sallyport-session": "another" },
  run: { "x-sallyport-run": "another" },
  model: {},
  upstream: {},
  "tag.env": { "x-sallyport-tag-env": "prod" },
} as const satisfies Record<Scope, Readonly<Record<string, string>> | undefined>;

async function ask({ path, body }: Call, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(sallyport.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  await response.text();
  return response.status < 400 ? "passed" : response.headers.get("x-sallyport-decision");
}

describe.each(Object.entries(DIALECTS))("a budget of one call by %s", (dialect, callOf) => {
  it.each(SCOPES)("per %s lets one of many at once through, and another's too", async (scope) => {
    const model = nameOf(dialect, scope);
    const call = callOf("", model);
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask(call)));
    expect(answers.filter((answer) => answer === "passed")).toHaveLength(1);
    expect(answers.filter((answer) => answer === "budget_exceeded")).toHaveLength(3);
    const other = OTHERS[scope];
    if (other === undefined) return;
    const place = callOf(scope === "upstream" ? "2" : "", scope === "model" ? `${model}2` : model);
    expect(await ask(place, other)).toBe("passed");
    expect(await ask(place, other)).toBe("budget_exceeded");
  });
});
