/**
 * Real Redis servers for tests: `TEST_REDIS_URL`, else a binary on PATH, else Debian's package where
 * we may install it. Every one listens on a loopback port of its own and keeps nothing on disk
 * unless a test asks for it.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "./free-port.ts";

const NAMES = ["redis-server", "valkey-server"];
const INSTALL = "apt-get update && apt-get install -y --no-install-recommends redis-server";
/** Debian starts no service in run level 1: tests bring their own servers. */
const QUIETLY = { RUNLEVEL: "1", DEBIAN_FRONTEND: "noninteractive" };
const INSTALL_TIMEOUT_MS = 180_000;
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 10;

let binary: string | undefined;

/** None outlives the tests, however they end. */
const running = new Set<ChildProcess>();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Throws an error that says which command helps: a test without Redis proves nothing. */
export function redisBinary(): string {
  binary ??= onPath() ?? install();
  if (binary === undefined) {
    throw new Error(`these tests need a Redis server; run: sudo sh -c '${INSTALL}'`);
  }
  return binary;
}

function onPath(): string | undefined {
  return NAMES.find((name) => spawnSync(name, ["--version"]).status === 0);
}

/** Two test files may come to this at the same time: dpkg's lock makes one wait for the other. */
function install(): string | undefined {
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0)
    return undefined;
  const wait = "-o DPkg::Lock::Timeout=120";
  const script = INSTALL.replaceAll("apt-get", `apt-get ${wait}`);
  const env = { ...process.env, ...QUIETLY };
  spawnSync("sh", ["-c", script], { env, timeout: INSTALL_TIMEOUT_MS, stdio: "ignore" });
  return onPath();
}

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** One command, its reply as text. */
  ask(...command: readonly string[]): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** At the same port; with what it kept on disk, if it keeps anything. */
  restart(): Promise<void>;
}

/** A server of one's own, for tests that break it. `settings`: as on its command line. */
export async function startRedis(...settings: readonly string[]): Promise<RedisServer> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "sallyport-redis-"));
  const args = [...baseSettings(port, directory), ...settings];
  let child = await run(args, port);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    ask: (...command) => askRedis(port, command),
    signal: (signal) => void child.kill(signal),
    kill,
    async restart() {
      await kill();
      child = await run(args, port);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function baseSettings(port: number, directory: string): readonly string[] {
  const settings = `--port ${port} --bind 127.0.0.1 --protected-mode no --appendonly no --save`;
  return [...settings.split(" "), "", "--dir", directory];
}

async function run(args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(redisBinary(), [...args], { stdio: "ignore" });
  running.add(child);
  child.once("exit", () => running.delete(child));
  await untilAnswering(port, child);
  return child;
}

async function untilAnswering(port: number, child: ChildProcess): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Redis ended at once with ${child.exitCode}`);
    const said = await askRedis(port, ["PING"]).catch((error: Error) => error.message);
    if (said === "PONG" || said.startsWith("NOAUTH")) return;
    if (performance.now() > until) throw new Error("Redis did not start");
    await pause(POLL_MS);
  }
}

/** One command over a connection of its own; the raw reply without its type and line ends. */
export function askRedis(port: number, command: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let text = "";
    socket.setEncoding("utf8").on("error", reject);
    socket.on("data", (chunk: string) => {
      text += chunk;
      const reply = readReply(text);
      if (reply === undefined) return;
      socket.destroy();
      if (reply.kind === "error") reject(new Error(reply.text));
      else resolve(reply.text);
    });
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    socket.write(`*${command.length}\r\n${parts.join("")}`);
  });
}

/** Undefined until it is complete. Arrays come as they are on the wire. */
function readReply(text: string): { kind: "ok" | "error"; text: string } | undefined {
  const end = text.indexOf("\r\n");
  if (end === -1) return undefined;
  const first = text.slice(1, end);
  switch (text.slice(0, 1)) {
    case "-":
      return { kind: "error", text: first };
    case "$": {
      const length = Number(first);
      if (length === -1) return { kind: "ok", text: "" };
      const body = Buffer.from(text.slice(end + 2));
      if (body.length < length + 2) return undefined;
      return { kind: "ok", text: body.subarray(0, length).toString() };
    }
    case "*":
      return { kind: "ok", text };
    default:
      return { kind: "ok", text: first };
  }
}
