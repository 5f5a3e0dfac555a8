import { spawn, execFileSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:net";
import { forkListener, pin, SUBJECT_CORE } from "./child.ts";
import { childrenOf } from "./process-stats.ts";
import { writeSallyportHome, type SallyportHome } from "./sallyport-home.ts";

export interface Subject {
  readonly name: "undici" | "nginx" | "sallyport";
  readonly port: number;
  /** Where a chat completion is posted. */
  readonly path: string;
  pids(): number[];
  stop(): Promise<void>;
}

export interface SubjectOptions {
  readonly profile: boolean;
  /** Processes that serve; undefined: one, that does everything. */
  readonly workers?: number;
}

const READY_MS = 15_000;

export async function startSubjects(
  upstreamPort: number,
  options: SubjectOptions,
): Promise<Subject[]> {
  const subjects = [
    await startPassThrough(upstreamPort),
    await startSallyport(upstreamPort, options),
  ];
  const nginx = await startNginx(upstreamPort);
  return nginx === undefined ? subjects : [nginx, ...subjects];
}

async function startPassThrough(upstreamPort: number): Promise<Subject> {
  const { child, port } = await forkListener("pass-through.ts", [
    `http://127.0.0.1:${upstreamPort}`,
  ]);
  pin(child.pid, String(SUBJECT_CORE));
  return {
    name: "undici",
    port,
    path: "/bench/v1/chat/completions",
    pids: () => [child.pid ?? 0],
    stop: async () => child.disconnect(),
  };
}

export interface SpawnedSallyport {
  readonly child: ChildProcess;
  readonly home: SallyportHome;
  readonly port: number;
  readonly managePort: number;
}

/** Not listening yet. */
export async function spawnSallyport(
  upstreamPort: number,
  { profile, workers = 1 }: SubjectOptions,
): Promise<SpawnedSallyport> {
  const port = await freePort();
  const managePort = await freePort();
  const home = await writeSallyportHome({ upstreamPort, port, managePort });
  const flags = profile
    ? ["--cpu-prof", `--cpu-prof-dir=${join(process.cwd(), "bench-profile")}`]
    : [];
  const child = spawn(
    process.execPath,
    // As `npm start` runs it.
    [...flags, "src/sallyport.js", "up", "--config", home.config],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, ...home.env, SALLYPORT_WORKERS: String(workers) },
    },
  );
  return { child, home, port, managePort };
}

export async function startSallyport(
  upstreamPort: number,
  options: SubjectOptions,
): Promise<Subject> {
  const { child, home, port } = await spawnSallyport(upstreamPort, options);
  await listening(port, child);
  const pids = (): number[] => [child.pid ?? 0, ...childrenOf(child.pid ?? 0)];
  for (const pid of pids()) pin(pid, String(SUBJECT_CORE));
  return {
    name: "sallyport",
    port,
    path: "/bench/v1/chat/completions",
    pids,
    stop: async () => {
      await stopSallyport({ child, home });
    },
  };
}

export async function stopSallyport({
  child,
  home,
}: Pick<SpawnedSallyport, "child" | "home">): Promise<void> {
  child.kill("SIGTERM");
  await ended(child);
  home.remove();
}

async function startNginx(upstreamPort: number): Promise<Subject | undefined> {
  try {
    execFileSync("nginx", ["-v"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const directory = mkdtempSync(join(tmpdir(), "sallyport-bench-nginx-"));
  const port = await freePort();
  const config = join(directory, "nginx.conf");
  writeFileSync(config, nginxConfig(directory, port, upstreamPort));
  const child = spawn("nginx", ["-p", directory, "-c", config, "-e", "stderr"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await listening(port, child);
  const pids = (): number[] => childrenOf(child.pid ?? 0);
  for (const pid of pids()) pin(pid, String(SUBJECT_CORE));
  return {
    name: "nginx",
    port,
    path: "/bench/v1/chat/completions",
    pids,
    stop: async () => {
      child.kill("SIGTERM");
      await ended(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function nginxConfig(directory: string, port: number, upstreamPort: number): string {
  return `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  error_log /dev/null;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  client_body_buffer_size 256k;
  keepalive_requests 1000000;
  upstream bench { server 127.0.0.1:${upstreamPort}; keepalive 1024; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location /bench/ {
      proxy_pass http://bench/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    const open = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (open) return;
    if (Date.now() > deadline) throw new Error(`${child.spawnfile} does not listen`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}
