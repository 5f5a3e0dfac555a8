/** A start that is meant to fail: what it says, and how it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/sallyport.js", import.meta.url));
/** A start that does not fail is ended, and the test sees the signal. */
const LIMIT_MS = 15_000;

export interface FailedStart {
  /** Null: it had to be killed. */
  readonly code: number | null;
  readonly output: string;
}

/** `launcher` runs Node: a program and its arguments, none by default. `flags` go to `up`. */
export async function startThatFails(
  configFile: string,
  launcher: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<FailedStart> {
  const [program, ...args] = [...launcher, process.execPath, MAIN, "up"];
  const child = spawn(program, [...args, "--config", configFile, ...flags], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}
