/** Real clients through the forward proxy, and what ends their tunnels. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProxyAgent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUSE_CA } from "../support/certificates.ts";
import { clientHello } from "../support/client-hello.ts";
import { eventually } from "../support/eventually.ts";
import {
  GIT_COMMIT,
  KEYS,
  proxyAuthorization,
  startForwardGateway,
  type ForwardGateway,
} from "../support/forward-gateway.ts";
import { ledgerLines } from "../support/ledger-lines.ts";
import { askTunnel, rest, type ProxyAnswer } from "../support/proxy-client.ts";
import { runSallyport } from "../support/sallyport-process.ts";

let home: ForwardGateway;
let directory: string;
let ca: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-forward-"));
  ca = join(directory, "ca.pem");
  writeFileSync(ca, HOUSE_CA);
  home = await startForwardGateway();
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

function runClient(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const [file = "", ...args] = command;
  const clean = { PATH: process.env["PATH"] ?? "", HOME: directory, ...env };
  const child = spawn(file, args, { env: clean, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}

const proxyUrl = (agent: keyof typeof KEYS = "ada"): string =>
  home.gate.url.replace("://", `://${agent}:${KEYS[agent]}@`);

const tunnel = (gateway: ForwardGateway, authority: string): Promise<ProxyAnswer> =>
  askTunnel(gateway.gate.port, authority, { "Proxy-Authorization": proxyAuthorization("ada") });

async function outcomeOf({ gate }: ForwardGateway, exchange: string) {
  const lines = await ledgerLines(gate.dataDirectory);
  const found = lines.find((line) => line.kind === "outcome" && line["exchange"] === exchange);
  if (found === undefined) throw new Error("no outcome");
  return found.outcome;
}

describe("a real client", () => {
  it("curl goes through a tunnel", async () => {
    const ran = await runClient(
      ["curl", "-sS", "--cacert", ca, `https://${home.places.secure}/c`],
      {
        HTTPS_PROXY: proxyUrl(),
      },
    );
    expect(ran).toEqual({ code: 0, output: "inside is /c" });
  });

  it("curl is told by its proxy that it may not", async () => {
    const ran = await runClient(
      ["curl", "-sS", "--cacert", ca, `https://${home.places.secure}/c`],
      {
        HTTPS_PROXY: proxyUrl("broad"),
      },
    );
    expect(ran.code).toBe(56);
    expect(ran.output).toContain("403");
  });

  it("curl asks in absolute form where nothing is encrypted", async () => {
    const ran = await runClient(["curl", "-sS", `http://${home.places.plain}/p`], {
      http_proxy: proxyUrl(),
    });
    expect(ran).toEqual({ code: 0, output: "you asked for /p" });
  });

  it("undici goes through a tunnel", async () => {
    const token = proxyAuthorization("ada");
    const requestTls = { ca: HOUSE_CA };
    const agent = new ProxyAgent({ uri: home.gate.url, token, requestTls });
    const answer = await request(`https://${home.places.secure}/u`, { dispatcher: agent });
    expect(await answer.body.text()).toBe("inside is /u");
    await agent.close();
  });

  it("git shows its key when it is asked with 407", async () => {
    const ran = await runClient(["git", "ls-remote", `https://${home.places.secure}/repo`], {
      HTTPS_PROXY: proxyUrl(),
      GIT_SSL_CAINFO: ca,
      GIT_TERMINAL_PROMPT: "0",
    });
    expect(ran).toEqual({ code: 0, output: `${GIT_COMMIT}\trefs/heads/main\n` });
  });

  it("below `sallyport run` needs no setting of its own", async () => {
    const { stdout, output, code } = await runSallyport(
      ["run", "--agent", "ada", "--config", home.gate.configFile, "--", "curl", "-sS"].concat([
        "--cacert",
        ca,
        `https://${home.places.secure}/r`,
      ]),
    );
    expect([code, stdout], output).toEqual([0, "inside is /r"]);
  });
});

/** A tunnel through which something has gone already. */
async function standing(gateway: ForwardGateway): Promise<ProxyAnswer> {
  const answer = await tunnel(gateway, gateway.places.silent);
  const before = gateway.met.length;
  answer.socket.write(clientHello({ names: ["localhost"] }));
  const far = gateway.met[before - 1];
  await eventually(() => expect(far?.bytesRead).toBeGreaterThan(0));
  return answer;
}

describe("open tunnels", () => {
  it("are as many as the operator says", async () => {
    await using gateway = await startForwardGateway({ more: "  tunnels_max: 1\n" });
    const first = await standing(gateway);
    const refused = await tunnel(gateway, gateway.places.silent);
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, "too_many_tunnels"]);
    // Only who may have one counts, and a closed one leaves its place.
    first.socket.resetAndDestroy();
    await eventually(async () => {
      const next = await tunnel(gateway, gateway.places.silent);
      next.socket.resetAndDestroy();
      expect(next.status).toBe(200);
    });
  });

  it("end when an operator stops their agent, and no new ones begin", async () => {
    await using gateway = await startForwardGateway();
    const { socket, exchange } = await standing(gateway);
    const { configFile } = gateway.gate;
    const killed = await runSallyport([
      "agents",
      "kill",
      "ada",
      "--reason",
      "test",
      "--config",
      configFile,
    ]);
    expect(killed.code, killed.output).toBe(0);
    expect(await rest(socket)).toHaveLength(0);
    const code = "agent_stopped";
    await eventually(async () =>
      expect(await outcomeOf(gateway, exchange)).toMatchObject({ kind: "cut", code }),
    );
    const again = await tunnel(gateway, gateway.places.silent);
    expect([again.status, JSON.parse(again.body).code]).toEqual([403, code]);
  });

  it("end with a freeze, and with the key that they were opened with", async () => {
    await using gateway = await startForwardGateway();
    const run = (...args: string[]) => runSallyport([...args, "--config", gateway.gate.configFile]);
    const key = (await run("keys", "create", "lent", "--agent", "ada")).stdout.trim();
    const { socket, exchange } = await askTunnel(gateway.gate.port, gateway.places.echo, {
      "Proxy-Authorization": `Bearer ${key}`,
    });
    const frozen = await standing(gateway);
    const id = /key_\w+/.exec((await run("keys", "list")).stdout)?.[0] ?? "";
    const revoked = await run("keys", "revoke", id);
    expect(revoked.code, revoked.output).toBe(0);
    expect(await rest(socket)).toHaveLength(0);
    const cut = (code: string) => ({ kind: "cut", code });
    await eventually(async () =>
      expect(await outcomeOf(gateway, exchange)).toMatchObject(cut("unauthenticated")),
    );
    expect((await run("agents", "freeze", "ada", "--reason", "test")).code).toBe(0);
    expect(await rest(frozen.socket)).toHaveLength(0);
    await eventually(async () =>
      expect(await outcomeOf(gateway, frozen.exchange)).toMatchObject(cut("agent_stopped")),
    );
  });

  it("end where nothing goes through them for too long", async () => {
    await using gateway = await startForwardGateway({ more: "  timeouts: { idle_ms: 300 }\n" });
    const { socket, exchange } = await standing(gateway);
    expect(await rest(socket)).toHaveLength(0);
    const cut = { kind: "cut", code: "upstream_timeout" };
    await eventually(async () => expect(await outcomeOf(gateway, exchange)).toMatchObject(cut));
  });

  it("end where their ClientHello does not come in time", async () => {
    await using gateway = await startForwardGateway({ more: "  timeouts: { hello_ms: 300 }\n" });
    const { socket, exchange } = await tunnel(gateway, gateway.places.silent);
    socket.write(clientHello({ names: ["localhost"] }).subarray(0, 30));
    expect([...(await rest(socket))]).toEqual([21, 3, 3, 0, 2, 2, 49]);
    const cut = { kind: "cut", code: "hello_refused" };
    await eventually(async () => expect(await outcomeOf(gateway, exchange)).toMatchObject(cut));
    expect(gateway.gate.output()).toContain("its ClientHello did not come in time");
  });

  it("end with the gate, after the time it has for that", async () => {
    const gateway = await startForwardGateway();
    try {
      const { socket, exchange } = await standing(gateway);
      expect(await gateway.gate.stop()).toBe(0);
      expect(await rest(socket)).toHaveLength(0);
      const cut = { kind: "cut", code: "draining" };
      expect(await outcomeOf(gateway, exchange)).toMatchObject(cut);
    } finally {
      await gateway[Symbol.asyncDispose]();
    }
  });
});

describe("what the operator lets pass", () => {
  it("is an unscanned tunnel, and the record says that it was not scanned", async () => {
    await using gateway = await startForwardGateway({ more: "  unscannable: pass\n" });
    const answer = await askTunnel(gateway.gate.port, gateway.places.echo, {
      "Proxy-Authorization": proxyAuthorization("watched"),
    });
    expect(answer.status).toBe(200);
    answer.socket.end("unseen");
    expect((await rest(answer.socket)).toString()).toBe("unseen");
    const unscanned = { kind: "unscanned", reason: "tunnel", bytes: 6 };
    await eventually(async () => {
      const lines = await ledgerLines(gateway.gate.dataDirectory);
      const checked = { findings: [], request: unscanned, response: unscanned };
      expect(lines).toContainEqual(expect.objectContaining({ kind: "outcome", checked }));
    });
  });

  it("are an agent's own credentials, and never its key", async () => {
    await using gateway = await startForwardGateway({ terms: "own_credentials: true" });
    const ran = await runClient(
      [
        "curl",
        "-sS",
        "-H",
        "Authorization: Bearer own",
        "-b",
        "a=b",
        `http://${gateway.places.plain}/`,
      ],
      { http_proxy: gateway.gate.url.replace("://", `://ada:${KEYS.ada}@`) },
    );
    expect(ran.code, ran.output).toBe(0);
    const [seen] = gateway.asked;
    expect(seen?.headers).toMatchObject({ authorization: "Bearer own", cookie: "a=b" });
    expect(seen?.headers).not.toHaveProperty("proxy-authorization");
    expect(JSON.stringify(seen?.rawHeaders)).not.toContain(KEYS.ada);
  });
});

describe("an agent that plans", () => {
  async function plan(tool: string, agent: keyof typeof KEYS, call: object): Promise<Planned> {
    const reply = await fetch(`${home.gate.url}/mcp/sallyport`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "x-sallyport-key": KEYS[agent],
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: tool, arguments: call },
      }),
    });
    const { result } = (await reply.json()) as { result: { structuredContent?: Planned } };
    return result.structuredContent ?? {};
  }

  it("is told of hosts what then happens to it", async () => {
    const { places } = home;
    const check = (agent: keyof typeof KEYS, call: object): Promise<Planned> =>
      plan("check_permission", agent, call);
    const tunnelTo = (host: string): object => ({ method: "connect", host });
    expect(await check("ada", tunnelTo(places.secure))).toMatchObject({ decision: "allow" });
    expect(await check("asker", tunnelTo(places.secure))).toMatchObject({ decision: "approve" });
    expect(await check("ada", { method: "GET", host: places.plain, path: "/x" })).toMatchObject({
      decision: "allow",
    });
    expect(await check("ada", tunnelTo("elsewhere.example"))).toMatchObject({
      code: "policy_denied",
    });
    expect(await check("ada", tunnelTo(places.plain))).toMatchObject({ code: "tunnel_refused" });
    expect(await check("ada", tunnelTo(places.upstream))).toMatchObject({
      code: "tunnel_refused",
    });
    expect(await check("watched", tunnelTo(places.secure))).toMatchObject({
      code: "tunnel_unscannable",
    });
  });

  it("asks a person ahead, and digs the tunnel once it was approved", async () => {
    const authority = home.places.secure;
    const asked = await plan("request_approval", "asker", { method: "CONNECT", host: authority });
    expect(asked).toMatchObject({ status: "pending", review: expect.stringMatching(/^rev_/) });
    const done = ["reviews", "approve", asked.review ?? "", "--config", home.gate.configFile];
    expect(await runSallyport(done)).toMatchObject({ code: 0 });
    const opened = await askTunnel(home.gate.port, authority, {
      "Proxy-Authorization": proxyAuthorization("asker"),
    });
    expect(opened.status).toBe(200);
    opened.socket.destroy();
  });
});

interface Planned {
  readonly decision?: string;
  readonly code?: string;
  readonly review?: string;
}

describe("what a rule would do to a tunnel", () => {
  it("is said by `policy explain`", async () => {
    const explain = (agent: string) => {
      const about = `--agent ${agent} --http CONNECT --host localhost:1 --config`;
      return runSallyport(["policy", "explain", ...about.split(" "), home.gate.configFile]);
    };
    const said = await explain("ada");
    expect(said.output).toMatch(/^decision {4}allow, because of tunnels/);
    const unsaid = await explain("broad");
    expect(unsaid.output).toMatch(/^decision {4}deny/);
    expect(unsaid.output).toContain("it names no hosts");
  });

  it("is learned from what was recorded", async () => {
    const answer = await tunnel(home, home.places.echo);
    answer.socket.destroy();
    await eventually(() => outcomeOf(home, answer.exchange));
    const learned = await runSallyport(["policy", "learn", "--config", home.gate.configFile]);
    expect(learned.output).toContain(
      `"hosts":["${home.places.echo}"],"methods":["CONNECT"],"paths":["/"]`,
    );
  });
});
