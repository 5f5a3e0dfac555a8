import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const KEY = "spt_made_for_this_test";

let upstream: RecordingUpstream;
let gateway: SallyportProcess;

beforeAll(async () => {
  upstream = await startRecordingUpstream((_request, response) => void response.end("{}"));
  const sha256 = createHash("sha256").update(KEY).digest("hex");
  const common = `url: "${upstream.url}", allow_private: true`;
  gateway = await startSallyport({
    config:
      `agents: [{ name: tester, key_sha256: ${sha256} }]\nlog: { level: debug }\nupstreams:\n` +
      `  - { name: web, wire: http, ${common} }\n  - { name: gemini, wire: gemini, ${common} }\n`,
    policies: {
      "all.yaml":
        "version: 1\nagents: [tester]\nrules:\n" +
        "  - { id: web, http: { upstreams: [web] }, effect: allow }\n" +
        "  - { id: models, llm: { models: ['*'] }, effect: allow }\n",
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

describe("a request that never becomes an exchange", () => {
  it("is counted by why and logged, so that somebody can see it", async () => {
    await fetch(`${gateway.url}/nowhere/x`);
    await rawRequest(gateway.port, ["GET /web/../x HTTP/1.1\r\nhost: localhost\r\n\r\n"]);
    await rawRequest(gateway.port, ["this is no request\r\n\r\n"]);
    const metrics = await (await fetch(`${gateway.manageUrl}/metrics`)).text();
    expect(metrics).toContain('sallyport_requests_turned_away_total{code="no_such_upstream"} 1');
    expect(metrics).toContain('sallyport_requests_turned_away_total{code="malformed"} 2');
    expect(gateway.output()).toMatch(/turned away/u);
  });
});

describe("a connection on which such a request comes", () => {
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
  const post = "POST /nowhere/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhello";
  const reviewWithBody =
    `GET /-/reviews/rev_x HTTP/1.1\r\nhost: localhost\r\nx-sallyport-key: ${KEY}\r\n` +
    "content-length: 5\r\n\r\nhello";
  const allowed = get(`/web/x?key=${KEY}`);

  it("serves the ones behind it", async () => {
    const { text } = await rawRequest(gateway.port, [get("/nowhere/x"), allowed]);
    expect(text.match(/HTTP\/1\.1 \d{3}/gu)).toEqual(["HTTP/1.1 404", "HTTP/1.1 200"]);
  });

  it.each([
    ["with a body that nobody reads", post, 404],
    ["that can be read in two ways", get("/web/../x"), 400],
    ["that asks after a review, with a body", reviewWithBody, 404],
  ])("ends behind one %s", async (_, first, status) => {
    const { statuses, closed } = await rawRequest(gateway.port, [first, allowed]);
    expect([statuses, closed]).toEqual([[status], true]);
  });
});

describe("a Sallyport key in the query", () => {
  it.each(["/gemini/v1beta/models", "/web/x"])("lets the agent in at %s", async (path) => {
    expect((await fetch(`${gateway.url}${path}?pageSize=3`)).status).toBe(401);
    const reply = await fetch(`${gateway.url}${path}?key=${KEY}&pageSize=3`);
    expect(reply.status).toBe(200);
    expect(upstream.requests.at(-1)?.url).toMatch(/\?pageSize=3$/u);
  });

  it("goes no further: not upstream, not to the log, not on the record", async () => {
    await fetch(`${gateway.url}/web/${KEY.length}?key=${KEY}`);
    await gateway.stop();
    const seen = JSON.stringify(upstream.requests.map(({ url, headers }) => ({ url, headers })));
    const ledger = join(gateway.dataDirectory, "ledger");
    const files = readdirSync(ledger, { recursive: true, withFileTypes: true });
    const record = files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name), "utf8"))
      .join("\n");
    expect(record).toContain(`/${KEY.length}`);
    for (const text of [seen, record, gateway.output()]) expect(text).not.toContain(KEY);
  });
});
