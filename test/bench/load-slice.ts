import type { ChildProcess } from "node:child_process";
import { answer } from "./child.ts";
import type { LoadJob, LoadResult } from "./load-client.ts";
import { cpuUs } from "./process-stats.ts";
import type { Subject } from "./subjects.ts";

const LOAD_MS = 60_000;

/** What one job of the load client came to, and the CPU its subject spent on it. */
export interface Slice {
  readonly result: LoadResult;
  readonly cpuUs: number;
}

export async function load(client: ChildProcess, job: LoadJob): Promise<LoadResult> {
  client.send({ job });
  const message = await answer(client, LOAD_MS);
  if (!("result" in message)) throw new Error("the load client gave no result");
  // The load client is ours and sends exactly this shape.
  return message.result as LoadResult;
}

export async function slice(client: ChildProcess, subject: Subject, job: LoadJob): Promise<Slice> {
  const before = cpuUs(subject.pids());
  const result = await load(client, { ...job, port: subject.port, path: subject.path });
  return { result, cpuUs: cpuUs(subject.pids()) - before };
}
