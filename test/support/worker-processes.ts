import { readdirSync, readFileSync } from "node:fs";
import type { SallyportProcess } from "./sallyport-process.ts";

/** Process ids of the children of a running Sallyport: its workers. Linux. */
export function workersOf({ child }: SallyportProcess): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === child.pid);
}

/** Whether the process still runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const state = statOf(pid)[0];
  return state !== undefined && state !== "Z";
}

function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)[1];
  return parent === undefined ? undefined : Number(parent);
}

/** From the state on: what comes before is the program's name, which may hold anything. */
function statOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    // It ended meanwhile.
    return [];
  }
}
