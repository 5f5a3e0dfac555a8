/** Tenants, other keys, and a listener that asks nobody for one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  startHaldir,
  startToolServer,
  type HaldirClient,
  type ToolServer,
} from "../support/haldir.ts";
import { startSallyport } from "../support/sallyport-process.ts";

let server: ToolServer;
let haldir: HaldirClient;
let acme = { key: "" };

beforeAll(async () => {
  server = await startToolServer();
  haldir = await startHaldir();
  const made = await haldir.ask("POST", "/core/v1/tenants", { id: "acme", name: "Acme" });
  acme = { key: made.body.admin_key };
});
afterAll(async () => {
  await haldir.gate[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("two tenants", () => {
  it("see nothing of each other, and bind only themselves", async () => {
    const shop = { name: "shop", url: server.url };
    expect((await haldir.ask("POST", "/v1/proxy/upstreams", shop)).status).toBe(201);
    expect(await haldir.ask("POST", "/v1/proxy/upstreams", shop, acme)).toMatchObject({
      status: 400,
    });
    const own = { name: "acme-shop", url: server.url };
    expect(await haldir.ask("POST", "/v1/proxy/upstreams", own, acme)).toMatchObject({
      status: 201,
      body: { tools_discovered: 4 },
    });
    const block = { type: "block_tool", tool: "list_customers" };
    await haldir.ask("POST", "/v1/proxy/policies", block, acme);
    expect((await haldir.ask("GET", "/v1/proxy/policies")).body.count).toBe(0);

    const session = await haldir.session({ agent_id: "bot-1" });
    const opened = await haldir.ask("POST", "/v1/sessions", { agent_id: "bot-1" }, acme);
    const call = (of: string, more = {}) =>
      haldir.ask("POST", "/v1/proxy/call", { tool: "list_customers", session_id: of }, more);
    expect((await call(session)).status).toBe(200);
    expect((await call(opened.body.session_id, acme)).status).toBe(403);
    expect((await call(session, acme)).status).toBe(401);
    expect((await haldir.ask("GET", `/v1/sessions/${session}`, undefined, acme)).status).toBe(404);

    await haldir.ask("POST", "/v1/secrets", { name: "mine", value: "v" });
    expect((await haldir.ask("GET", "/v1/secrets", undefined, acme)).body.count).toBe(0);
    const trail = await haldir.ask(
      "GET",
      "/v1/audit?agent_id=bot-1&tool=list_customers",
      undefined,
      acme,
    );
    expect(trail.body.count).toBe(1);
  });
});

describe("policies", () => {
  it("that come at the same time are all kept", async () => {
    const tools = ["a", "b", "c", "d", "e", "f"];
    const added = await Promise.all(
      tools.map((tool) => haldir.ask("POST", "/v1/proxy/policies", { type: "block_tool", tool })),
    );
    expect(new Set(added.map(({ status }) => status))).toEqual(new Set([201]));
    const { policies } = (await haldir.ask("GET", "/v1/proxy/policies")).body;
    const kept: string[] = policies.map(({ tool }: { readonly tool: string }) => tool);
    expect(kept.toSorted()).toEqual(tools);
  });

  it("that would not compile change nothing, and say why", async () => {
    const names = Array.from({ length: 60 }, (_, i) => `${"long".repeat(10)}_${i}`);
    const much = await haldir.ask("POST", "/v1/proxy/policies", {
      type: "allow_list",
      tools: names,
    });
    expect(much).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/condition/) },
    });
    expect((await haldir.ask("GET", "/v1/proxy/policies")).body.count).toBe(6);
  });
});

describe("an open listener", () => {
  it("asks nobody for a key, but for what goes out", async () => {
    const config = "api: { auth: open }\nupstreams: []\n";
    await using gate = await startSallyport({ config, policies: {} });
    const ask = async (method: string, path: string, body?: object) => {
      const reply = await fetch(`${gate.manageUrl}/haldir${path}`, {
        method,
        ...(body !== undefined && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      });
      const answered = (await reply.json()) as Readonly<Record<string, unknown>>;
      return { status: reply.status, body: answered };
    };
    for (const name of ["one", "two"]) {
      expect(await ask("POST", "/v1/keys", { name })).toMatchObject({
        status: 201,
        body: { name },
      });
    }
    const opened = await ask("POST", "/v1/sessions", { agent_id: "bot", spend_limit: 5 });
    expect(opened.status).toBe(201);
    expect(await ask("GET", "/v1/secrets")).toMatchObject({ body: { secrets: [], count: 0 } });
    const payment = { session_id: opened.body["session_id"], amount: 1 };
    expect(await ask("POST", "/v1/payments/authorize", payment)).toMatchObject({
      status: 401,
      body: { error: expect.stringMatching(/key/) },
    });
  });
});

describe("the bootstrap token", () => {
  it.each([
    { variable: "SALLYPORT_API_BOOTSTRAP_TOKEN", workers: 1, first: 401 },
    { variable: "HALDIR_BOOTSTRAP_TOKEN", workers: 1, first: 201 },
    { variable: "HALDIR_BOOTSTRAP_TOKEN", workers: 2, first: 201 },
  ])(
    "in $variable makes further keys, with $workers workers",
    { timeout: 60_000 },
    async (setup) => {
      const env = { [setup.variable]: "let-me-begin-please" };
      const config = `workers: ${setup.workers}\nupstreams: []\n`;
      await using gate = await startSallyport({ config, policies: {}, env });
      const make = async (body: object) => {
        const reply = await fetch(`${gate.manageUrl}/v1/keys`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        return reply.status;
      };
      const right = { bootstrap_token: "let-me-begin-please" };
      expect(await make({})).toBe(setup.first);
      expect(await make({ bootstrap_token: "wrong" })).toBe(401);
      expect(await make(right)).toBe(201);
      expect(await make({ ...right, tier: "pro" })).toBe(201);
      expect(await make({})).toBe(401);
    },
  );
});
