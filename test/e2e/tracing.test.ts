import { once } from "node:events";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { startSallyport } from "../support/sallyport-process.ts";

/** A collector that keeps what it is sent, as JSON text or protobuf bytes. */
async function collector() {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      bodies.push(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body);
      response.setHeader("content-type", "application/json");
      response.end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const text = (): string => Buffer.concat(bodies).toString("latin1");
  return { url: `http://127.0.0.1:${port}`, text, close: () => server.close() };
}

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";

it("sends one span an exchange, in the caller's trace and in the conventions' words", async () => {
  const spans = await collector();
  const gate = await startSallyport({
    config: "demo: true\nagents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n",
    policies: {
      "a.yaml":
        "version: 1\nagents: [tester]\nrules:\n  - { id: m, llm: { models: [demo-*] }, effect: allow }\n",
    },
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: spans.url,
      OTEL_SERVICE_NAME: "gate-under-test",
      OTEL_RESOURCE_ATTRIBUTES: "k8s.pod.name=agent-0,service.name=weaker",
    },
  });
  const secret = "private-words-of-the-prompt";
  const reply = await fetch(`${gate.url}/demo/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`,
    },
    body: JSON.stringify({ model: "demo-model", messages: [{ role: "user", content: secret }] }),
  });
  await reply.text();
  expect(await gate.stop()).toBe(0);
  await gate[Symbol.asyncDispose]();
  spans.close();

  const text = spans.text();
  expect(text).toContain("gate-under-test");
  expect(text).not.toContain("weaker");
  expect(text).toContain("k8s.pod.name");
  expect(text).toContain("agent-0");
  for (const name of ["gen_ai.request.model", "demo-model", "gen_ai.usage.output_tokens"]) {
    expect(text).toContain(name);
  }
  expect(text).toContain("sallyport.cost_nano_usd");
  expect(Buffer.from(text, "latin1").toString("hex") + text).toContain(TRACE_ID);
  expect(text).not.toContain(secret);
});

it("sends none where the operator samples none, and says what it does not speak", async () => {
  const spans = await collector();
  const gate = await startSallyport({
    config: "demo: true\nagents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n",
    policies: { "a.yaml": "version: 1\nagents: [tester]\nrules: []\n" },
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: spans.url,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_TRACES_SAMPLER: "always_off",
    },
  });
  expect((await fetch(`${gate.url}/demo/v1/models`)).status).toBeGreaterThanOrEqual(400);
  expect(await gate.stop()).toBe(0);
  expect(gate.output()).toContain("OTEL_EXPORTER_OTLP_PROTOCOL grpc is not spoken");
  await gate[Symbol.asyncDispose]();
  spans.close();
  expect(spans.text()).toBe("");
});
