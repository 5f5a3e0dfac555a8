/** A real PostgreSQL: `TEST_POSTGRES_URL`, else one started from the binaries of this machine. */
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { userInfo } from "node:os";
import { freePort } from "./free-port.ts";

export interface PostgresServer extends AsyncDisposable {
  readonly url: string;
}

const DEBIAN = "/usr/lib/postgresql";
const READY_MS = 30_000;

export async function startPostgres(): Promise<PostgresServer> {
  const given = process.env["TEST_POSTGRES_URL"];
  if (given !== undefined) return { url: given, [Symbol.asyncDispose]: async () => undefined };
  const binaries = findBinaries();
  const directory = mkdtempSync("/tmp/sallyport-postgres-");
  // PostgreSQL refuses to run as root: then it runs as the user `nobody`.
  const isRoot = userInfo().uid === 0;
  const nobody = isRoot ? { uid: idOf("-u"), gid: idOf("-g") } : undefined;
  if (nobody !== undefined) chownSync(directory, nobody.uid, nobody.gid);
  const data = join(directory, "data");
  const options = { ...nobody, cwd: directory, stdio: "ignore" as const };
  const init = ["-D", data, "-U", "test", "-A", "trust", "--no-sync"];
  execFileSync(join(binaries, "initdb"), init, options);
  const port = await freePort();
  const server = spawn(
    join(binaries, "postgres"),
    ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-k", directory],
    options,
  );
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const ready = join(binaries, "pg_isready");
  const deadline = performance.now() + READY_MS;
  while (!isReady(ready, port)) {
    if (performance.now() > deadline) throw new Error("PostgreSQL did not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: `postgres://test@127.0.0.1:${port}/postgres`,
    [Symbol.asyncDispose]: async () => {
      server.kill("SIGINT");
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function idOf(flag: "-u" | "-g"): number {
  return Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
}

function isReady(command: string, port: number): boolean {
  try {
    execFileSync(command, ["-h", "127.0.0.1", "-p", String(port), "-q"]);
    return true;
  } catch {
    return false;
  }
}

function findBinaries(): string {
  for (let tries = 0; tries < 2; tries += 1) {
    const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
    const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
    if (newest !== undefined) return join(DEBIAN, newest, "bin");
    for (const place of (process.env["PATH"] ?? "").split(":")) {
      if (existsSync(join(place, "initdb"))) return place;
    }
    if (process.env["CI"] === undefined || userInfo().uid !== 0) break;
    execFileSync("apt-get", ["update", "-q"], { stdio: "ignore" });
    execFileSync("apt-get", ["install", "-qy", "postgresql"], { stdio: "ignore" });
  }
  throw new Error("no PostgreSQL here: apt-get install postgresql, or set TEST_POSTGRES_URL");
}
