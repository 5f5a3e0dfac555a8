/** Two Sallyports on one Redis are one gate: what one let through, the other has counted. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { startHeldUpstream } from "../support/held-upstream.ts";
import { startHttpGateway } from "../support/http-gateway.ts";
import { startProvider } from "../support/provider-upstream.ts";
import { startRecordingUpstream } from "../support/recording-upstream.ts";
import { startRedis } from "../support/redis-server.ts";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";

const answering = () => startRecordingUpstream((_request, response) => void response.end("ok"));

const counted = (limits: string): string => `
version: 1
agents: [tester]
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow, limits: ${limits} }
`;

const charged = (limits: string): string => `
version: 1
agents: [tester]
budgets:
  calls: { limit: 100 calls, per: agent, window: lifetime }
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow, charge: calls, limits: ${limits} }
`;

const onRedis = (url: string, more = ""): string =>
  `store: ${url}\nredis: { prefix: "t-${randomUUID()}", timeout_ms: 400 }\n${more}`;

async function get(gateway: SallyportProcess, path = "/now"): Promise<Response> {
  const response = await fetch(`${gateway.url}/web${path}`);
  await response.bytes();
  return response;
}

async function statuses(gateways: readonly SallyportProcess[], each: number): Promise<number[]> {
  const all = gateways.flatMap((gateway) =>
    Array.from({ length: each }, async () => (await get(gateway)).status),
  );
  return (await Promise.all(all)).toSorted((a, b) => a - b);
}

describe("two Sallyports on one Redis", () => {
  it("let exactly as many calls through as the budget has, whoever is asked", async () => {
    await using redis = await startRedis();
    await using upstream = await answering();
    const config = onRedis(redis.url);
    const policy = charged("{ concurrent: 1000 }");
    const options = { upstreamUrl: upstream.url, config, policy };
    await using one = await startHttpGateway(options);
    await using two = await startHttpGateway(options);
    const answers = await statuses([one, two], 80);
    const passed = answers.filter((status) => status === 200).length;
    expect(passed).toBeLessThanOrEqual(100);
    // On a busy machine some were refused because Redis was slow: what they left is still there.
    for (let n = passed; n < 100; n += 1)
      expect((await get(n % 2 === 0 ? one : two)).status).toBe(200);
    expect(await statuses([one, two], 1)).toEqual([402, 402]);
    expect(upstream.requests).toHaveLength(100);
    await one.stop();
    expect((await get(two)).status).toBe(402);
  });

  it("share a rate, and say in every answer how it stands", async () => {
    await using redis = await startRedis();
    await using upstream = await answering();
    const policy = counted("{ requests: [10/day, 8/h per all] }");
    const options = { upstreamUrl: upstream.url, config: onRedis(redis.url), policy };
    await using one = await startHttpGateway(options);
    await using two = await startHttpGateway(options);
    const first = await get(one);
    expect(first.headers.get("ratelimit-policy")).toBe(
      '"web.requests.86400s";q=10;w=86400;qu="requests", "web.requests.3600s";q=8;w=3600;qu="requests"',
    );
    expect(first.headers.get("ratelimit")).toMatch(
      /^"web\.requests\.86400s";r=9;t=\d+, "web\.requests\.3600s";r=7;t=\d+$/,
    );
    const second = await get(two);
    expect(second.headers.get("ratelimit")).toContain('"web.requests.3600s";r=6;');
    expect(await statuses([one, two], 5)).toEqual([...Array(6).fill(200), 429, 429, 429, 429]);
    const refused = await fetch(`${two.url}/web/now`);
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.headers.get("ratelimit")).toContain('"web.requests.3600s";r=0;');
    expect(await refused.json()).toMatchObject({
      code: "rate_limited",
      rules: ["web"],
      detail: expect.stringContaining("Rule web allows 8 calls in 3600 s."),
    });
  });

  it("count running calls together, and free the place of one that has ended", async () => {
    await using redis = await startRedis();
    await using held = await startHeldUpstream();
    const policy = counted("{ concurrent: 1 }");
    const options = { upstreamUrl: held.upstream.url, config: onRedis(redis.url), policy };
    await using one = await startHttpGateway(options);
    await using two = await startHttpGateway(options);
    const running = await fetch(`${one.url}/web/slow`);
    const finish = await held.next();
    const refused = await get(two);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("ratelimit")).toBe('"web.concurrent";r=0');
    finish();
    await running.bytes();
    await expect.poll(async () => (await get(two)).status).toBe(200);
  });

  it("brake an agent that spends too fast, and give back what a call did not cost", async () => {
    await using redis = await startRedis();
    await using provider = await startProvider();
    // 20 tokens in and 30 out cost 5 cents, of a worst case of more than half a dollar.
    const price = "input_usd_per_mtok: 1000, output_usd_per_mtok: 1000";
    const gateway = await startSallyport({
      config: `
${onRedis(redis.url)}
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams: [{ name: openai, wire: openai, url: "${provider.url}", allow_private: true }]
prices: { overrides: [{ provider: openai, model: dear, ${price} }] }
`,
      policies: {
        "llm.yaml": `
version: 1
agents: [tester]
rules:
  - { id: models, llm: { models: [dear] }, effect: allow, limits: { output_tokens: 100, spend: 0.14 USD/day } }
`,
      },
    });
    await using _stop = gateway;
    const ask = async (): Promise<Response> => {
      const body = { model: "dear", messages: [{ role: "user", content: "say: hi" }] };
      const response = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      await response.bytes();
      return response;
    };
    // The worst case is more than all of it, so it goes alone; 5 cents stay, and no other fits.
    expect((await ask()).status).toBe(200);
    await expect.poll(async () => (await ask()).headers.get("ratelimit")).toMatch(/r=90\d{3};/);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("ratelimit-policy")).toContain('q=140000;w=86400;qu="micro-usd"');
  });

  it("refuse while Redis is away, say so, and are ready again when it is back", async () => {
    await using redis = await startRedis("--appendonly", "yes");
    await using upstream = await answering();
    const policy = charged("{ concurrent: 9 }");
    const options = { upstreamUrl: upstream.url, config: onRedis(redis.url), policy };
    await using gateway = await startHttpGateway(options);
    expect((await get(gateway)).status).toBe(200);
    await redis.kill();
    const refused = await fetch(`${gateway.url}/web/now`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "limit_unavailable" });
    const ready = await fetch(`${gateway.manageUrl}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain("[-] store: no connection to Redis");
    expect(gateway.output()).toContain("store cannot be used");
    await redis.restart();
    await expect.poll(async () => (await get(gateway)).status).toBe(200);
    expect((await fetch(`${gateway.manageUrl}/readyz`)).status).toBe(200);
  });

  it("go on as the outage table says, and show it in health, metrics and log", async () => {
    await using redis = await startRedis("--appendonly", "yes");
    await using upstream = await answering();
    const table =
      "outages: { budgets: { mode: open, until: 2999-01-01 }, limits: { mode: degrade } }";
    const config = onRedis(redis.url, table);
    const policy = charged("{ requests: 40/day }");
    await using gateway = await startHttpGateway({ upstreamUrl: upstream.url, config, policy });
    expect((await get(gateway)).status).toBe(200);
    await redis.kill();
    // 5 % of 40 calls are this replica's own.
    const answers = await statuses([gateway], 4);
    expect(answers).toEqual([200, 200, 429, 429]);
    const health = await (await fetch(`${gateway.manageUrl}/readyz?verbose`)).text();
    expect(health).toContain("outage of budgets: open: let through unchecked until 2999-01-01; 2");
    expect(health).toContain("outage of limits: degrade: 5 % of each limit");
    const metrics = await (await fetch(`${gateway.manageUrl}/metrics`)).text();
    expect(metrics).toContain('sallyport_outage_policy{dependency="budgets",policy="open"} 1');
    expect(metrics).toContain('sallyport_outage_let_through_total{dependency="limits"} 2');
    expect(metrics).toContain("sallyport_store_reachable 0");
    expect(gateway.output()).toContain("outages do not close everything");
    // It also starts without Redis, because the table says what holds.
    await gateway.stop();
    await using again = await gateway.restart();
    expect((await get(again)).status).toBe(200);
  });

  it("do not start on a Redis that may evict budgets, and say what to change", async () => {
    await using redis = await startRedis("--maxmemory-policy", "allkeys-lru");
    const { code, output } = await runSallyport(["up", "--port", "0", "--manage-port", "0"], {
      env: { SALLYPORT_STORE: redis.url, SALLYPORT_DATA_DIR: `/tmp/sallyport-${randomUUID()}` },
    });
    expect(code).not.toBe(0);
    expect(output).toContain("set it to noeviction");
  });
});
