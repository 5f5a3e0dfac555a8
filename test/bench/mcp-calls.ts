/**
 * CPU of one `tools/call` through Sallyport with everything on, through a bare pass-through and
 * through a proxy made of the SDK, interleaved in one run; and whether memory grows over many calls.
 *
 * `node test/bench/mcp-calls.ts [--calls=20000] [--soak=0] [--profile]`; `--profile` writes a CPU
 * profile of Sallyport into ./bench-profile.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
import { forkListener, pin, REST_CORE, SUBJECT_CORE } from "./child.ts";
import { openLiveHeap } from "../support/live-heap.ts";
import { cpuUs, rssMb } from "./process-stats.ts";

const CONNECTIONS = 16;
const ROUNDS = 4;
const RULES = 200;
const READY_MS = 15_000;
/** How often the soak is looked at. */
const LOOK_CALLS = 100_000;
const MIB = 1_048_576;

const CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "look",
    arguments: { text: "Please look at the harbour and its ships. ".repeat(6) },
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
    },
  },
});

const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "look",
};

interface Subject {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** What it has said, of which the inspector's address is one line. */
  readonly output: () => string;
  stop(): void;
}

const agent = new Agent({ connections: CONNECTIONS });

async function load(url: string, calls: number): Promise<void> {
  let left = calls;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left > 0) {
        left -= 1;
        const options = {
          method: "POST",
          headers: HEADERS,
          body: CALL,
          dispatcher: agent,
        } as const;
        const { statusCode, body } = await request(url, options);
        const text = await body.text();
        if (statusCode !== 200 || !text.includes("12 knots")) throw new Error(text.slice(0, 500));
      }
    }),
  );
}

async function fork(name: string, script: string, url: string): Promise<Subject> {
  const { child, port } = await forkListener(script, [url]);
  pin(child.pid, String(SUBJECT_CORE));
  const path = name === "pass-through" ? "/mcp" : "";
  return {
    name,
    url: `http://127.0.0.1:${port}${path}`,
    pid: child.pid ?? 0,
    output: () => "",
    stop: () => child.disconnect(),
  };
}

async function sallyport(upstream: string): Promise<Subject> {
  const home = mkdtempSync(join(tmpdir(), "sallyport-mcp-bench-"));
  mkdirSync(join(home, "policies"));
  const port = await freePort();
  const rules = Array.from(
    { length: RULES },
    (_, index) => `  - { id: r${index}, tools: [other.tool_${index}], effect: allow }`,
  );
  writeFileSync(
    join(home, "policies", "bench.yaml"),
    `version: 1\nagents: [bench]\nbudgets:\n  calls: { limit: 100000000 calls, per: agent, window: day }\nrules:\n${rules.join("\n")}\n` +
      `  - { id: look, tools: [tools.look], when: args.text != "", effect: allow, charge: calls }\n` +
      `inspect:\n  - { id: in, on: [request], find: [secret], do: block }\n` +
      `  - { id: out, on: [tool_result], find: [injection, secret], at: high, do: block }\n`,
  );
  const config = join(home, "sallyport.yaml");
  writeFileSync(
    config,
    `listen: { port: ${port} }\nmanage: { port: ${await freePort()} }\ndata_dir: data\n` +
      `policies: { dir: policies }\nagents: [{ name: bench }]\nidentity: { loopback_agent: bench }\n` +
      `upstreams:\n  - { name: tools, wire: mcp, url: "${upstream}", allow_private: true }\n`,
  );
  const flags = [
    ...(process.argv.includes("--profile")
      ? ["--cpu-prof", `--cpu-prof-dir=${join(process.cwd(), "bench-profile")}`]
      : []),
    ...(option("soak", 0) > 0 ? ["--inspect=127.0.0.1:0"] : []),
  ];
  const child = spawn(
    process.execPath,
    // As `npm start` runs it.
    [...flags, "src/sallyport.js", "up", "--config", config],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    process.stderr.write(chunk);
  });
  pin(child.pid, String(SUBJECT_CORE));
  const url = `http://127.0.0.1:${port}/mcp/tools`;
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const up = await load(url, 1).then(
      () => true,
      () => false,
    );
    if (up) break;
    if (performance.now() > deadline) {
      child.kill();
      throw new Error("Sallyport did not become ready");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const stop = (): void => {
    child.once("close", () => rmSync(home, { recursive: true, force: true }));
    child.kill("SIGTERM");
  };
  return { name: "sallyport", url, pid: child.pid ?? 0, output: () => said, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      server.close(() => resolve(port));
    });
  });
}

function option(name: string, fallback: number): number {
  const given = process.argv.find((arg) => arg.startsWith(`--${name}=`));
  return given === undefined ? fallback : Number(given.split("=")[1]);
}

pin(process.pid, String(REST_CORE));
const upstream = await forkListener("mcp-upstream.ts", []);
pin(upstream.child.pid, String(REST_CORE));
const upstreamUrl = `http://127.0.0.1:${upstream.port}/mcp`;
const subjects = [
  await fork("pass-through", "pass-through.ts", new URL(upstreamUrl).origin),
  await fork("sdk", "mcp-sdk-proxy.ts", upstreamUrl),
  await sallyport(upstreamUrl),
];
const calls = option("calls", 20_000);
const spent = new Map<string, number>();
for (const { url } of subjects) await load(url, Math.ceil(calls / 4));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { name, url, pid } of subjects) {
    const before = cpuUs([pid]);
    await load(url, Math.ceil(calls / ROUNDS));
    spent.set(name, (spent.get(name) ?? 0) + cpuUs([pid]) - before);
  }
}
const bare = (spent.get("pass-through") ?? 0) / calls;
const sdk = (spent.get("sdk") ?? 0) / calls;
process.stdout.write(
  "| subject | CPU µs a call | ÷ pass-through | ÷ SDK | RSS MB |\n|---|---|---|---|---|\n",
);
for (const { name, pid } of subjects) {
  const each = (spent.get(name) ?? 0) / calls;
  const row = [
    each.toFixed(1),
    (each / bare).toFixed(2),
    (each / sdk).toFixed(2),
    rssMb([pid]).toFixed(0),
  ];
  process.stdout.write(`| ${name} | ${row.join(" | ")} |\n`);
}
const soak = option("soak", 0);
const gate = subjects.at(-1);
if (gate !== undefined && soak > 0) {
  process.stdout.write("| calls | live heap MB | RSS MB | CPU µs a call |\n|---|---|---|---|\n");
  using heap = await openLiveHeap(gate.output);
  let before = cpuUs([gate.pid]);
  for (let done = 0; done < soak; done += LOOK_CALLS) {
    await load(gate.url, LOOK_CALLS);
    const each = (cpuUs([gate.pid]) - before) / LOOK_CALLS;
    const row = [(await heap.used()) / MIB, rssMb([gate.pid]), each];
    const shown = row.map((value) => value.toFixed(1)).join(" | ");
    process.stdout.write(`| ${done + LOOK_CALLS} | ${shown} |\n`);
    before = cpuUs([gate.pid]);
  }
}
for (const subject of subjects) subject.stop();
upstream.child.disconnect();
await agent.close();
