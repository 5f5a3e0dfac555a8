/** Two replicas that share a Redis and nothing else: sessions, tokens and stops count at both. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHeldUpstream, type HeldUpstream } from "../support/held-upstream.ts";
import { administer, type Ask } from "../support/management.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";

const SOON = { timeout: 30_000 };
const POLICY = `
version: 1
agents: [tester]
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow }
`;

let redis: RedisServer;
let held: HeldUpstream;
let one: SallyportProcess;
let two: SallyportProcess;
let askOne: Ask;
let askTwo: Ask;

beforeAll(async () => {
  [redis, held] = await Promise.all([startRedis(), startHeldUpstream()]);
  const setup = {
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
store: ${redis.url}
redis: { prefix: "t-${randomUUID()}", timeout_ms: 400 }
upstreams: [{ name: web, wire: http, url: "${held.upstream.url}", allow_private: true }]
`,
    policies: { "tester.yaml": POLICY },
  };
  [one, two] = await Promise.all([startSallyport(setup), startSallyport(setup)]);
  [askOne, askTwo] = await Promise.all([administer(one), administer(two)]);
}, 120_000);
afterAll(async () => {
  await Promise.all([one, two].map((gate) => gate?.[Symbol.asyncDispose]()));
  await Promise.all([redis, held].map((server) => server?.[Symbol.asyncDispose]()));
}, 120_000);

function call(
  gate: SallyportProcess,
  headers: Readonly<Record<string, string>> = {},
  path = "/now",
) {
  return fetch(`${gate.url}/web${path}`, { headers });
}

const statuses = async (headers?: Readonly<Record<string, string>>) =>
  (await Promise.all([one, two].map((gate) => call(gate, headers)))).map(({ status }) => status);

describe("two replicas on one Redis", () => {
  it("are told at the start what they do not share, and how they would", () => {
    expect(one.output()).toContain("replicas share no directory");
    expect(one.output()).toContain("directory.url");
  });

  it("take a session of either at once, narrow as it is, and end it at both", async () => {
    for (let round = 0; round < 5; round += 1) {
      const session = await askOne("POST", "/sessions", { agent: "tester", scopes: ["read"] });
      const named = { "x-sallyport-session": session.id };
      expect((await call(two, named)).status).toBe(200);
      expect((await askTwo("GET", `/sessions/${session.id}`)).scopes).toEqual(["read"]);
      const stream = await call(two, named, "/stream");
      const rest = stream.text().catch(() => "broken");
      await askOne("DELETE", `/sessions/${session.id}`);
      expect(await rest).toBe("broken");
      await expect.poll(() => statuses(named), SOON).toEqual([401, 401]);
    }
  });

  it("take an execution token of either, until it is revoked at the other", async () => {
    const wish = { agent: "tester", scopes: ["read"] };
    const { token, jti } = await askOne("POST", "/execution-tokens", wish);
    const shown = { "x-sallyport-key": token };
    expect(await statuses(shown)).toEqual([200, 200]);
    await askTwo("DELETE", `/sessions/${jti}`);
    await expect.poll(() => statuses(shown), SOON).toEqual([401, 401]);
  });

  it("break what runs at both, at a word to one of them or on the command line", async () => {
    const broken = async (kill: () => Promise<unknown>) => {
      const streams = await Promise.all([one, two].map((gate) => call(gate, {}, "/stream")));
      const ends = streams.map((stream) => stream.text().catch(() => "broken"));
      await kill();
      expect(await Promise.all(ends)).toEqual(["broken", "broken"]);
      expect(await statuses()).toEqual([403, 403]);
    };
    await broken(() => askTwo("POST", "/stops", { agent: "tester", mode: "kill", reason: "test" }));
    await askOne("POST", "/stops/lift", { agent: "tester" });
    await expect.poll(() => statuses(), SOON).toEqual([200, 200]);
    const command = (...words: string[]) => runSallyport([...words, "--config", one.configFile]);
    await broken(() => command("agents", "kill", "tester", "--reason", "test"));
    expect((await askTwo("GET", "/stops")).items).toMatchObject([
      { target: "agent:tester", mode: "kill" },
    ]);
    expect((await command("agents", "resume", "tester")).code).toBe(0);
    await expect.poll(() => statuses(), SOON).toEqual([200, 200]);
  }, 120_000);

  it("go on refusing whom somebody stopped when Redis comes back with nothing", async () => {
    await askOne("POST", "/stops", { agent: "tester", mode: "freeze", reason: "test" });
    await expect.poll(() => statuses(), SOON).toEqual([403, 403]);
    await redis.kill();
    expect(await statuses()).toEqual([403, 403]);
    await redis.restart();
    expect(await statuses()).toEqual([403, 403]);
    await expect.poll(async () => (await askTwo("GET", "/stops")).items?.length, SOON).toBe(1);
    await askTwo("POST", "/stops/lift", { agent: "tester" });
    await expect.poll(() => statuses(), SOON).toEqual([200, 200]);
  }, 120_000);

  it("know over a kill -9 whom somebody stopped, though Redis is away", async () => {
    await using redisOfItsOwn = await startRedis();
    await using gate = await startSallyport({
      config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
store: ${redisOfItsOwn.url}
redis: { timeout_ms: 400 }
outages: { budgets: { mode: degrade }, limits: { mode: degrade } }
upstreams: [{ name: web, wire: http, url: "${held.upstream.url}", allow_private: true }]
`,
      policies: { "tester.yaml": POLICY },
    });
    const ask = await administer(gate);
    await ask("POST", "/stops", { agent: "tester", mode: "kill", reason: "test" });
    await expect.poll(async () => (await call(gate)).status, SOON).toBe(403);
    await redisOfItsOwn.kill();
    const dead = once(gate.child, "exit");
    gate.child.kill("SIGKILL");
    await dead;
    await using again = await gate.restart();
    const reply = await call(again);
    expect({ status: reply.status, body: await reply.json() }).toMatchObject({
      status: 403,
      body: { code: "agent_stopped" },
    });
  }, 120_000);
});
