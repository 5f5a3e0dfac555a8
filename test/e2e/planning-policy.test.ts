/** From real traffic to the next policy: simulated, learned, checked, put in force. */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";

const POLICY = `version: 1
agents: [tester]
rules:
  - { id: read, http: { upstreams: [web], methods: [GET] }, effect: allow }
  - { id: small, http: { upstreams: [web], methods: [POST], paths: [/pay] }, when: body.amount < 50, effect: allow }
`;

describe("the next policy", () => {
  let server: Server;
  let gate: SallyportProcess;

  const cli = (...args: string[]) => runSallyport([...args, "--config", gate.configFile]);
  const pay = async (amount: number): Promise<number> => {
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const body = JSON.stringify({ amount });
    return (await fetch(`${gate.url}/web/pay`, { ...init, body })).status;
  };
  const get = async (path: string): Promise<number> =>
    (await fetch(`${gate.url}/web${path}`)).status;

  beforeAll(async () => {
    server = createServer((request, response) => request.resume().on("end", () => response.end()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const url = `http://127.0.0.1:${port}`;
    gate = await startSallyport({
      config:
        "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n" +
        `upstreams:\n  - { name: web, url: "${url}", allow_private: true }\n`,
      policies: { "a.yaml": POLICY },
    });
    for (const path of ["/users/1", "/users/2", "/users/3"]) expect(await get(path)).toBe(200);
    expect(await pay(20)).toBe(200);
    expect(await pay(70)).toBe(403);
  });
  afterAll(async () => {
    server.close();
    await gate[Symbol.asyncDispose]();
  });

  it("is tried on the record before it is in force", async () => {
    const file = join(gate.directory, "a.yaml");
    writeFileSync(
      file,
      POLICY.replace("effect: allow }\n  - { id: small", "effect: approve }\n  - { id: small"),
    );
    const said = await cli("policy", "simulate", file, "--json");
    expect(said.code, said.output).toBe(0);
    expect(JSON.parse(said.output)).toMatchObject({ calls: 5, unchanged: 2, changed: 3, open: 0 });
  });

  it("is learned, keeps the condition, and decides the same traffic in the same way", async () => {
    const file = join(gate.directory, "policies", "learned.yaml");
    const learned = await cli("policy", "learn", "--out", file);
    expect(learned.code, learned.output).toBe(0);
    rmSync(join(gate.directory, "policies", "a.yaml"));
    expect(await cli("policy", "check")).toMatchObject({ code: 0 });
    await gate.stop();
    gate = await gate.restart();
    expect(await get("/users/4711")).toBe(200);
    expect(await get("/admin")).toBe(403);
    expect(await pay(20)).toBe(200);
    expect(await pay(70)).toBe(403);
  });
});
