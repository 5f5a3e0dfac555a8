import { fork, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { execFileSync } from "node:child_process";

const READY_MS = 15_000;

/** Two cores: the subject has one, everything that is not measured shares the other. */
export const SUBJECT_CORE = 0;
export const REST_CORE = availableParallelism() > 1 ? 1 : 0;

/** Pins a process and all its threads, where the machine can. */
export function pin(pid: number | undefined, cores: string): void {
  if (pid === undefined) return;
  try {
    execFileSync("taskset", ["-a", "-c", "-p", cores, String(pid)], { stdio: "ignore" });
  } catch {
    // A machine without taskset measures unpinned; the table says so.
  }
}

/** Starts a bench script that answers `{port}` once it listens. */
export async function forkListener(
  script: string,
  args: readonly string[],
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(new URL(script, import.meta.url), args, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const message = await answer(child, READY_MS);
  if (!("port" in message) || typeof message.port !== "number")
    throw new Error(`${script} did not start`);
  return { child, port: message.port };
}

/** The next message of a child, as an object; fails when it ends or stays silent. */
export function answer(child: ChildProcess, withinMs: number): Promise<object> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      child.off("message", heard).off("exit", ended);
      finish();
    };
    const heard = (message: unknown): void => {
      if (typeof message === "object" && message !== null) settle(() => resolve(message));
      else settle(() => reject(new Error("a bench process answered with nothing")));
    };
    const ended = (code: number | null): void =>
      settle(() => reject(new Error(`a bench process ended with ${code}`)));
    const silent = (): void => settle(() => reject(new Error("a bench process does not answer")));
    const timer = setTimeout(silent, withinMs);
    child.on("message", heard).on("exit", ended);
  });
}
