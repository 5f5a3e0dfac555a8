/** How the program begins and ends: signals, limits, ports, and what is on the record afterwards. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import { startThatFails } from "../support/failing-start.ts";
import { FIRST_HALF, SECOND_HALF, startHeldUpstream } from "../support/held-upstream.ts";
import type { HeldUpstream } from "../support/held-upstream.ts";
import { ALLOW_WEB, startHttpGateway } from "../support/http-gateway.ts";
import { outcomeOf, readRecorded, verifyRecorded } from "../support/recorded.ts";
import type { SallyportProcess } from "../support/sallyport-process.ts";

const MAIN = fileURLToPath(new URL("../../src/sallyport.js", import.meta.url));
/** What comes by itself must come within this, however busy the machine. */
const SOON = { timeout: 15_000 };

let held: HeldUpstream;
beforeEach(async () => {
  held = await startHeldUpstream();
});
afterEach(() => held[Symbol.asyncDispose]());

const gateway = (config = "", policy = ALLOW_WEB): Promise<SallyportProcess> =>
  startHttpGateway({ upstreamUrl: held.upstream.url, config, policy });

const exchangeOf = (reply: Response): string => reply.headers.get("x-sallyport-exchange") ?? "";

const readyz = (sallyport: SallyportProcess): Promise<number> =>
  fetch(`${sallyport.manageUrl}/readyz`).then(({ status }) => status);

/** Every chain whole and ended in order. */
async function expectSealed(sallyport: SallyportProcess): Promise<void> {
  const reports = await verifyRecorded(sallyport.dataDirectory);
  expect(reports.map(({ sealed, problems }) => ({ sealed, problems }))).toEqual([
    { sealed: true, problems: [] },
  ]);
}

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  it("lets running calls finish, takes no new ones, seals the record and ends with 0", async () => {
    await using sallyport = await gateway();
    const reply = await fetch(`${sallyport.url}/web/stream`);
    const finish = await held.next();
    const ended = once(sallyport.child, "exit");
    sallyport.child.kill(signal);

    await expect.poll(() => readyz(sallyport), SOON).toBe(503);
    const refused = await once(connect(sallyport.port, "127.0.0.1"), "connect").catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(refused).toBe("ECONNREFUSED");
    finish();

    expect(await reply.text()).toBe(FIRST_HALF + SECOND_HALF);
    expect(await ended).toEqual([0, null]);
    const recorded = await readRecorded(sallyport.dataDirectory);
    expect(outcomeOf(recorded, exchangeOf(reply)).outcome.kind).toBe("completed");
    await expectSealed(sallyport);
  });
});

describe("a drain", () => {
  it("does not wait for connections on which nothing runs", async () => {
    await using sallyport = await gateway();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await getOver(agent, `${sallyport.url}/web/now`);
    expect(first.status).toBe(200);
    const ended = once(sallyport.child, "exit");
    sallyport.child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    agent.destroy();
    await expectSealed(sallyport);
  });

  it("refuses a call that comes over a connection still busy, and sends nothing on", async () => {
    await using sallyport = await gateway();
    const socket = connect(sallyport.port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1").on("data", (data: string) => (text += data));
    const line = (path: string): string => `GET /web${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
    socket.write(line("/stream"));
    const finish = await held.next();
    const ended = once(sallyport.child, "exit");
    sallyport.child.kill("SIGTERM");
    await expect.poll(() => readyz(sallyport), SOON).toBe(503);
    socket.write(line("/now-too-late"));
    await expect.poll(() => sallyport.output(), SOON).toContain("refused draining");
    finish();
    await once(socket, "close");
    expect(await ended).toEqual([0, null]);
    expect(text).toContain(SECOND_HALF.trim());
    expect(held.upstream.requests.map(({ url }) => url)).toEqual(["/stream"]);
    await expectSealed(sallyport);
  });

  it("cuts what takes longer than drain_ms, and the record says that the gateway did", async () => {
    await using sallyport = await gateway("limits: { drain_ms: 200 }\n");
    const replies = [
      await fetch(`${sallyport.url}/web/stream`),
      await fetch(`${sallyport.url}/web/other`),
    ];
    expect(await sallyport.stop()).toBe(0);
    for (const reply of replies) await expect(reply.text()).rejects.toThrow();
    const recorded = await readRecorded(sallyport.dataDirectory);
    for (const reply of replies) {
      expect(outcomeOf(recorded, exchangeOf(reply)).outcome).toMatchObject({
        kind: "cut",
        code: "draining",
        bytes: FIRST_HALF.length,
      });
    }
    await expectSealed(sallyport);
  });

  it("does not wait for a tunnel that never ends", async () => {
    const policy = `
version: 1
agents: [tester]
rules:
  - { id: web, http: { upstreams: [web], upgrade: true }, effect: allow }
`;
    held.upstream.server.on("upgrade", (_request, socket) => {
      socket.on("error", () => {}).once("end", () => socket.destroy());
      socket
        .resume()
        .write(
          "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        );
    });
    await using sallyport = await gateway("", policy);
    const socket = connect(sallyport.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      "GET /web/socket HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    const [head] = (await once(socket, "data")) as [Buffer];
    expect(head.toString()).toContain("101 Switching Protocols");
    expect(await sallyport.stop()).toBe(0);
    await expectSealed(sallyport);
  });
});

describe("a second SIGTERM", () => {
  it("ends the program at once; the next start says that nobody knows what became of it", async () => {
    let sallyport = await gateway("limits: { drain_ms: 600000 }\n");
    try {
      const reply = await fetch(`${sallyport.url}/web/stream`);
      const ended = once(sallyport.child, "exit");
      sallyport.child.kill("SIGTERM");
      await expect.poll(() => readyz(sallyport), SOON).toBe(503);
      // Again until it is heard: what comes right after the first counts as its echo.
      const again = setInterval(() => sallyport.child.kill("SIGTERM"), 100);
      expect(await ended).toEqual([130, null]);
      clearInterval(again);
      await expect(reply.text()).rejects.toThrow();

      sallyport = await sallyport.restart();
      const recorded = await readRecorded(sallyport.dataDirectory);
      expect(outcomeOf(recorded, exchangeOf(reply)).outcome.kind).toBe("unknown");
      expect(await sallyport.stop()).toBe(0);
      await expectSealed(sallyport);
    } finally {
      await sallyport[Symbol.asyncDispose]();
    }
  });
});

it("goes on where whoever read its stdout is gone, and says that its records wait", async () => {
  const sallyport = await gateway(
    "ledger: { sinks: [{ name: out, to: stdout }] }\n",
    "version: 1\nagents: [tester]\nrules: []\n",
  );
  try {
    const denied = (): Promise<number> =>
      fetch(`${sallyport.url}/web/x`).then(({ status }) => status);
    const sink = async (what: string): Promise<string | undefined> => {
      const metrics = await (await fetch(`${sallyport.manageUrl}/metrics`)).text();
      return new RegExp(`^sallyport_ledger_sink_${what}\\{sink="out"\\} (\\S+)$`, "m").exec(
        metrics,
      )?.[1];
    };
    expect(await denied()).toBe(403);
    await expect.poll(() => sink("delivered_total"), SOON).not.toBe("0");
    sallyport.child.stdout?.destroy();
    expect(await denied()).toBe(403);
    await expect.poll(() => sink("failing"), SOON).toBe("1");
    expect(await denied()).toBe(403);
  } finally {
    expect(await sallyport.stop()).toBe(0);
    await sallyport[Symbol.asyncDispose]();
  }
});

describe("a start", () => {
  it("comes up with nothing configured", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sallyport-start-"));
    const child = spawn(process.execPath, [MAIN, "up", "--port", "0", "--manage-port", "0"], {
      cwd,
      env: { PATH: process.env["PATH"], HOME: cwd },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    for await (const text of child.stdout) {
      output += String(text);
      if (output.includes("Sallyport is up.")) break;
    }
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    rmSync(cwd, { recursive: true, force: true });
    expect(output).toContain("Sallyport is up.");
  });

  it("below npm ends with the shell that npm puts between", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sallyport-start-"));
    // npm kills this shell; what it waits for would go on with its port.
    const command = `"${process.execPath}" "${MAIN}" up --port 0 --manage-port 0 & echo gate $!; wait`;
    const shell = spawn("sh", ["-c", command], {
      cwd,
      env: { PATH: process.env["PATH"], HOME: cwd, npm_lifecycle_event: "start" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    onTestFailed(() => void process.kill(Number(/^gate (\d+)$/m.exec(output)?.[1]), "SIGKILL"));
    for await (const text of shell.stdout) {
      output += String(text);
      if (output.includes("Sallyport is up.") && !shell.killed) shell.kill("SIGTERM");
    }
    // The gate had the same standard output: its end is the gate's.
    expect(output).toMatch(/^gate \d+$/m);
    rmSync(cwd, { recursive: true, force: true });
  });

  it.each(["port", "managePort"] as const)(
    "whose %s is taken says so, ends with 3 and leaves a sound record",
    async (which) => {
      await using sallyport = await gateway();
      const taken = createServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      const address = taken.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      expect(await sallyport.stop()).toBe(0);
      const flag = which === "port" ? "--port" : "--manage-port";
      const { code, output } = await startThatFails(sallyport.configFile, [], [flag, String(port)]);
      taken.close();
      expect(code, output).toBe(3);
      expect(output).toContain(`127.0.0.1:${port} is taken by another program`);
      expect(output).toContain("choose another port: --port, --manage-port");
      await expectSealed(sallyport);
    },
  );

  it.each(["1", "2"])("is refused with %s workers by files of a newer program", async (workers) => {
    await using sallyport = await gateway();
    expect(await sallyport.stop()).toBe(0);
    const path = join(sallyport.dataDirectory, "directory.db");
    using database = new DatabaseSync(path);
    database.exec("PRAGMA user_version=99");
    const flags = ["--workers", workers];
    const { code, output } = await startThatFails(sallyport.configFile, [], flags);
    expect(code, output).toBe(3);
    expect(output).toContain(`${path} was written by a newer Sallyport`);
    expect(output).not.toContain("bug");
  });
});

interface Got {
  readonly status: number | undefined;
}

function getOver(agent: Agent, url: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (reply: IncomingMessage) => {
      reply.resume().once("end", () => resolve({ status: reply.statusCode }));
    }).once("error", reject);
  });
}
