/** A gate whose loopback its agents share, as in a pod or a container: they make no keys there. */
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { runSallyport, startSallyport } from "../support/sallyport-process.ts";

const SHARED = { SALLYPORT_API_LOCAL_BOOTSTRAP: "false" };

describe("where agents share the loopback", () => {
  it("the first key is made in the data directory or with the token, at no door", async () => {
    await using gate = await startSallyport({
      config: "upstreams: []\n",
      policies: {},
      env: SHARED,
    });
    const post = async (path: string, body: object, headers = {}): Promise<number> => {
      const reply = await fetch(gate.manageUrl + path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
      return reply.status;
    };
    expect(await post("/core/v1/bootstrap", { name: "agent" })).toBe(401);
    expect(await post("/haldir/v1/keys", { name: "agent" })).toBe(401);
    expect(
      await post("/sanction/api/v1/wallets", { name: "agent", owner_email: "a@b.example" }),
    ).toBe(401);

    const made = await runSallyport(
      ["keys", "create", "admin", "--role", "admin", "--config", gate.configFile],
      { env: SHARED },
    );
    expect(made.code, made.output).toBe(0);
    const key = { authorization: `Bearer ${made.stdout.trim()}` };
    const agents = await fetch(`${gate.manageUrl}/core/v1/agents`, { headers: key });
    expect(agents.status).toBe(200);
  });

  it("nor does a page that a name led here, though the machine is the operator's", async () => {
    await using gate = await startSallyport({
      config: "upstreams: []\n",
      policies: {},
      env: { SALLYPORT_MANAGE_HOST: "0.0.0.0" },
    });
    const asked = (host: string, fields = {}): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const sent = request(`${gate.manageUrl}/core/v1/bootstrap`, {
          method: "POST",
          headers: { host, ...fields, "content-type": "application/json" },
        });
        sent.once("error", reject);
        sent.once("response", (answer) => resolve(answer.resume().statusCode));
        sent.end("{}");
      });
    expect(await asked("rebound.example")).toBe(401);
    // Nor does whom a proxy on this machine brings from elsewhere.
    expect(await asked("localhost", { "x-forwarded-for": "203.0.113.5" })).toBe(401);
    expect(await asked("localhost", { via: "1.1 edge" })).toBe(401);
    expect(await asked("localhost")).toBe(201);
  });

  it("the token makes it all the same", async () => {
    const env = { ...SHARED, SALLYPORT_API_BOOTSTRAP_TOKEN: "let-me-begin-please" };
    await using gate = await startSallyport({ config: "upstreams: []\n", policies: {}, env });
    const begin = async (body: object): Promise<number> => {
      const reply = await fetch(`${gate.manageUrl}/core/v1/bootstrap`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return reply.status;
    };
    expect(await begin({})).toBe(401);
    expect(await begin({ bootstrap_token: "let-me-begin-please" })).toBe(201);
  });
});
