import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";

const LOGGER = new URL("../../../src/app/observe/logger.ts", import.meta.url).href;
const SERVING = new URL("../../../src/app/serve-until-stopped.ts", import.meta.url).href;

/** Three times what may wait for a reader. */
const PROGRAM = `
  import { createLogger } from ${JSON.stringify(LOGGER)};
  const { log } = createLogger({ level: "info", format: "json" });
  for (let line = 0; line < 192; line += 1) log.info({ line, long: "x".repeat(65_536) }, "said");
  process.stdout.write("all said");
`;

/** As the gate ends; each `SIGHUP` has it say one more line. */
const SERVICE = `
  import { createLogger } from ${JSON.stringify(LOGGER)};
  import { serveUntilStopped } from ${JSON.stringify(SERVING)};
  const { log, flush } = createLogger({ level: "info", format: "json" });
  for (let line = 0; line < 32; line += 1) log.info({ line, long: "x".repeat(65_536) }, "said");
  const reload = () => {
    log.info("once more");
    process.stdout.write("again");
  };
  const listening = setInterval(() => {}, 60_000);
  const stop = async () => clearInterval(listening);
  const ended = serveUntilStopped({ reload, stop }, "anybody");
  process.stdout.write("all said");
  await ended;
  flush();
  setTimeout(() => process.exit(), 1_000).unref();
`;

it("a log that nobody reads takes a bounded memory, and says afterwards what it lost", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM]);
  await once(child.stdout, "data");
  const printed = (await text(child.stderr)).trim().split("\n");
  const lines = printed.map((line) => JSON.parse(line) as { msg: string; lines?: number });
  const said = lines.filter(({ msg }) => msg === "said").length;
  const last = lines.at(-1);
  expect(last).toMatchObject({ level: "warn", msg: expect.stringContaining("lost") });
  expect(said + (last?.lines ?? 0)).toBe(192);
  expect(said).toBeLessThan(80);
});

describe("a gate whose log nobody reads", () => {
  const serve = (stderr: number | "pipe"): ChildProcess =>
    spawn(process.execPath, ["--input-type=module", "--eval", SERVICE], {
      stdio: ["ignore", "pipe", stderr],
    });

  const saidAll = async ({ stdout }: ChildProcess): Promise<void> => {
    if (stdout !== null) await once(stdout, "data");
  };

  it("ends when it is told to, where its log is a socket", async () => {
    const child = serve("pipe");
    await saidAll(child);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("ends when it is told to, where its log is a pipe", async () => {
    const home = mkdtempSync(join(tmpdir(), "sallyport-log-"));
    const pipe = join(home, "pipe");
    execFileSync("mkfifo", [pipe]);
    const held = openSync(pipe, constants.O_RDWR);
    try {
      const child = serve(held);
      await saidAll(child);
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([0, null]);
    } finally {
      closeSync(held);
      rmSync(home, { recursive: true });
    }
  });

  it("serves on where the disk that it goes to is full", async () => {
    const full = openSync("/dev/full", "w");
    const child = serve(full);
    closeSync(full);
    await saidAll(child);
    child.kill("SIGHUP");
    await saidAll(child);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("serves on where whoever read it is gone", async () => {
    const child = serve("pipe");
    await saidAll(child);
    child.stderr?.destroy();
    child.kill("SIGHUP");
    await saidAll(child);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
