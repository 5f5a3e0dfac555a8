/** What the API has acknowledged is in force with the next call, whichever worker gets it. */
import { Agent, get } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const ROUNDS = 4;
/** Over connections of their own: the kernel chooses a worker for each. */
const CALLS = 12;
/** With a credential of the vault, and without. */
const LENT = "/web/x";
const PLAIN = "/plain/x";

let upstream: RecordingUpstream;
let gate: SallyportProcess;
let admin = "";

beforeAll(async () => {
  upstream = await startRecordingUpstream((_request, response) => void response.end("ok"));
  gate = await startSallyport({
    config:
      `workers: 2\nagents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n` +
      `upstreams:\n` +
      `  - { name: web, wire: http, url: "${upstream.url}", allow_private: true,\n` +
      `      credential: { ref: "vault://crm", header: authorization, format: "Bearer {}" } }\n` +
      `  - { name: plain, wire: http, url: "${upstream.url}", allow_private: true }\n`,
    policies: {
      "all.yaml":
        `version: 1\nagents: ["*"]\n` +
        `rules:\n  - { id: web, http: { upstreams: [web, plain] }, effect: allow }\n`,
    },
  });
  admin = (await manage("POST", "/bootstrap", {})).key;
});
afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

// oxlint-disable-next-line typescript/no-explicit-any -- documents of any shape
async function manage(method: string, path: string, body?: unknown): Promise<any> {
  const reply = await fetch(`${gate.manageUrl}/core/v1${path}`, {
    method,
    headers: {
      ...(admin !== "" && { authorization: `Bearer ${admin}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** The statuses of calls at once, and the credentials that reached the upstream with them. */
async function calls(path: string, headers: Readonly<Record<string, string>> = {}) {
  const before = upstream.requests.length;
  const statuses = await Promise.all(Array.from({ length: CALLS }, () => call(path, headers)));
  const lent = upstream.requests.slice(before).map((request) => request.headers.authorization);
  return { statuses: new Set(statuses), lent: new Set(lent) };
}

function call(path: string, headers: Readonly<Record<string, string>>) {
  return new Promise<number | undefined>((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    get(`${gate.url}${path}`, { agent, headers }, (reply) => {
      reply.resume().once("end", () => resolve(reply.statusCode));
    }).once("error", reject);
  });
}

describe("what the API has acknowledged", () => {
  it("is lent by every worker: a new secret, each new version, and none once it is removed", async () => {
    expect((await calls(LENT)).statuses).toEqual(new Set([503]));
    const binding = { origin: upstream.url };
    for (let round = 0; round < ROUNDS; round += 1) {
      await manage("POST", "/secrets", { name: "crm", value: `first-value-${round}`, binding });
      expect((await calls(LENT)).lent).toEqual(new Set([`Bearer first-value-${round}`]));
      await manage("POST", "/secrets/crm/versions", { value: `second-value-${round}` });
      expect((await calls(LENT)).lent).toEqual(new Set([`Bearer second-value-${round}`]));
      await manage("DELETE", "/secrets/crm");
      expect((await calls(LENT)).statuses).toEqual(new Set([503]));
    }
  });

  it("is a stop for every worker, until it is lifted", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      expect((await calls(PLAIN)).statuses).toEqual(new Set([200]));
      await manage("POST", "/stops", { agent: "tester", mode: "freeze", reason: "test" });
      expect((await calls(PLAIN)).statuses).toEqual(new Set([403]));
      await manage("POST", "/stops/lift", { agent: "tester" });
    }
  });

  it("is a key for every worker, until it is revoked", async () => {
    await manage("POST", "/agents", { name: "keyed" });
    for (let round = 0; round < ROUNDS; round += 1) {
      const { id, key } = await manage("POST", "/keys", { name: "k", agent: "keyed" });
      expect((await calls(PLAIN, { "x-sallyport-key": key })).statuses).toEqual(new Set([200]));
      await manage("DELETE", `/keys/${id}`);
      expect((await calls(PLAIN, { "x-sallyport-key": key })).statuses).toEqual(new Set([401]));
    }
  });
});
