import { beforeAll, describe, expect, it } from "vitest";
import { loadBedrockWire } from "../../../src/proxy/llm/bedrock/bedrock-wire.ts";
import type { WireFamily } from "../../../src/proxy/wire.ts";
import { headOf, llmAction, refusalTo, sent, understood, upstreamOf } from "./support.ts";

let wire: WireFamily;
beforeAll(async () => {
  wire = await loadBedrockWire();
});

const UPSTREAM = upstreamOf("bedrock", { priceProvider: "aws" });
const call = (url: string, body: unknown = { messages: [] }) => ({
  wire,
  upstream: UPSTREAM,
  url,
  body,
});
const CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/** As the listener decodes it: once, with slashes kept encoded. */
const decoded = (url: string) => ({
  rawPath: url,
  path: url
    .split("/")
    .map((part) => decodeURIComponent(part).replaceAll("/", "%2F"))
    .join("/"),
});

describe("what a Bedrock request asks for", () => {
  it.each([
    ["converse", "converse", false],
    ["converse-stream", "converse", true],
    ["invoke", "invoke", false],
    ["invoke-with-response-stream", "invoke", true],
  ])("%s is %s", (method, operation, stream) => {
    const action = llmAction(understood(call(`/model/${CLAUDE}/${method}`)));
    expect(action).toMatchObject({ operation, stream, model: CLAUDE });
  });

  it("bills no output of embeddings, and nothing for a count", () => {
    const embed = understood(
      call("/model/amazon.titan-embed-text-v2:0/invoke", { inputText: "a" }),
    );
    expect(embed.metering).toMatchObject({ bills: "input", provider: "aws" });
    const count = understood(call(`/model/${CLAUDE}/count-tokens`, { input: {} }));
    expect(count.metering).toMatchObject({ bills: "nothing" });
  });

  it.each(["/model/a/other", "/models", "/async-invoke", "/guardrail/g/version/1/apply"])(
    "%s is no endpoint that it knows",
    (url) => {
      const exchange = wire.open(headOf(UPSTREAM, url));
      expect(exchange.bodyNeed).toBe("if_policy_reads_it");
    },
  );

  it.each(["/model/a/converse/", "/model/a/Converse"])("%s must be spelt as it is", (url) => {
    expect(refusalTo(call(url)).detail).toContain("must be spelt /model/a/converse");
  });

  it("reads the model out of an ARN only where the ARN names a model", () => {
    const arn = (kind: string) => `arn:aws:bedrock:eu-west-1:123456789012:${kind}`;
    const url = (kind: string) => `/model/${encodeURIComponent(arn(kind))}/converse`;
    const profile = url(`inference-profile/eu.${CLAUDE}`);
    expect(llmAction(understood(call(profile), decoded(profile))).model).toBe(`eu.${CLAUDE}`);
    const own = url("application-inference-profile/abc123");
    expect(llmAction(understood(call(own), decoded(own))).model).toBe(
      arn("application-inference-profile/abc123"),
    );
    expect(wire.open(headOf(UPSTREAM, profile, decoded(profile))).target).toBe(profile);
  });

  it("refuses a model id that is none, and any query", () => {
    const odd = "/model/a%20b/converse";
    expect(refusalTo(call(odd), decoded(odd)).detail).toContain("no model id");
    expect(refusalTo(call("/model/a/converse?X-Amz-Signature=1")).detail).toContain("query");
  });

  it("writes Converse's cap where Converse reads it, and beside what is there", () => {
    const url = `/model/${CLAUDE}/converse`;
    const body = { messages: [], inferenceConfig: { temperature: 0.5, maxTokens: 900 } };
    const interpretation = understood(call(url, body));
    expect(interpretation.metering).toMatchObject({ outputTokens: 900 });
    expect(JSON.parse(sent(interpretation, { outputTokens: 40 }))).toEqual({
      messages: [],
      inferenceConfig: { temperature: 0.5, maxTokens: 40 },
    });
    expect(sent(interpretation)).toBe(JSON.stringify(body));
    const outvoting = { ...body, additionalModelRequestFields: { max_tokens: 9 } };
    expect(refusalTo(call(url, outvoting)).detail).toContain("outvote");
  });

  it.each([
    ["anthropic.claude-3-haiku", { max_tokens: 90 }, { max_tokens: 40 }],
    ["amazon.nova-pro-v1:0", {}, { inferenceConfig: { maxTokens: 40 } }],
    [
      "us.amazon.nova-pro-v1:0",
      { inferenceConfig: { max_new_tokens: 90 } },
      { inferenceConfig: { max_new_tokens: 40 } },
    ],
    [
      "amazon.titan-text-lite-v1",
      { textGenerationConfig: { topP: 1 } },
      { textGenerationConfig: { topP: 1, maxTokenCount: 40 } },
    ],
    ["meta.llama3-8b-instruct-v1:0", {}, { max_gen_len: 40 }],
    ["mistral.mistral-large-2402-v1:0", { max_tokens: 7 }, { max_tokens: 7 }],
    ["anthropic.claude-v2", {}, { max_tokens_to_sample: 40 }],
  ])("writes the cap of %s in its own words", (model, body, wanted) => {
    const interpretation = understood(call(`/model/${model}/invoke`, body));
    expect(JSON.parse(sent(interpretation, { outputTokens: 40 }))).toEqual(wanted);
  });

  it("sees what costs more than its bytes", () => {
    const of = (content: unknown, more: object = {}) =>
      understood(call(`/model/${CLAUDE}/converse`, { messages: [{ content: [content] }], ...more }))
        .metering?.demand;
    expect(of({ text: "a" })).toMatchObject({ tools: [], imageTokens: 0, readsUnseen: false });
    expect(of({ image: { source: { s3Location: {} } } })?.imageTokens).toBeGreaterThan(0);
    expect(of({ document: { source: { bytes: "JVBERi0=" } } })?.readsUnseen).toBe(true);
    const grounding = { toolConfig: { tools: [{ systemTool: { name: "nova_grounding" } }] } };
    expect(of({ text: "a" }, grounding)?.tools).toEqual(["other"]);
    expect(of({ text: "a" }, { serviceTier: { type: "priority" } })?.tier).toBe("priority");
    const fast = { performanceConfig: { latency: "optimized" } };
    expect(of({ text: "a" }, fast)?.tier).toBe("fast");
    const headed = understood(call(`/model/${CLAUDE}/invoke`), {
      headers: { "content-type": "application/json", "x-amzn-bedrock-service-tier": "flex" },
    });
    expect(headed.metering?.demand.tier).toBe("flex");
  });
});
