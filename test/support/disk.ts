/**
 * Disks on a bad day, the same for root and for anybody. A full disk is the kernel's file size
 * limit of the one process: real writes fail or stop halfway (EFBIG where a full disk says ENOSPC).
 */
import { execFileSync } from "node:child_process";
import { getuid } from "node:process";
import type { SallyportProcess } from "./sallyport-process.ts";

/** No file grows or is written beyond `bytes` from here on, also inside what it has already. */
export function fillDisk({ child }: SallyportProcess, bytes = 1): void {
  limitFiles(child.pid, String(bytes));
}

export function freeDisk({ child }: SallyportProcess): void {
  limitFiles(child.pid, "unlimited");
}

/** The soft limit only: the hard one stays, so that nobody needs a privilege to lift it again. */
function limitFiles(pid: number | undefined, bytes: string): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
}

/** Runs what follows without root's right to write everywhere: `[…LAUNCHER, program, …args]`. */
export const WITHOUT_PRIVILEGES: readonly string[] =
  getuid?.() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];

/** Runs what follows on a disk that is full from the start. */
export const ON_A_FULL_DISK: readonly string[] = ["prlimit", "--fsize=1:"];
