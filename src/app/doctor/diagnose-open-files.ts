import { existsSync, readFileSync } from "node:fs";
import type { Finding } from "./diagnose.ts";

/** Where Linux says what this process may use; other systems say it nowhere. */
const LIMITS_FILE = "/proc/self/limits";
/** Each call has the agent's socket and the upstream's. */
const SOCKETS_PER_CALL = 2;

/** `connectionsMax`: how many agents' connections the gate takes at once. */
export function diagnoseOpenFiles(connectionsMax: number): readonly Finding[] {
  if (!existsSync(LIMITS_FILE)) return [];
  const limit = readOpenFilesLimit(readFileSync(LIMITS_FILE, "utf8"));
  const wanted = connectionsMax * SOCKETS_PER_CALL;
  const name = "open_files";
  if (limit >= wanted) return [{ name, state: "ok", detail: `${limit}`, remedy: undefined }];
  const detail = `${limit}, and ${connectionsMax} connections may need ${wanted}`;
  const remedy = "raise it (ulimit -Hn, LimitNOFILE=), or lower limits.connections_max";
  return [{ name, state: "warning", detail, remedy }];
}

/** The hard limit, to which Node raises the soft one. */
function readOpenFilesLimit(limits: string): number {
  const hard = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1] ?? "unlimited";
  return hard === "unlimited" ? Infinity : Number(hard);
}
