import { isJsonObject } from "../../core/json.ts";
import type { Address } from "../config/config.ts";

/** What a gateway says of itself to anybody who can reach its management listener. */
export interface RunningGate {
  readonly version: string;
  /** URL of its data plane. */
  readonly listen: string;
}

/** Whoever refuses is heard at once; a gate's first answer loads its API, on a busy machine. */
const PATIENCE_MS = 15_000;

/** Undefined where none answers, or something else does. */
export async function runningGate({ host, port }: Address): Promise<RunningGate | undefined> {
  const place = host.includes(":") ? `[${host}]` : host;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(`http://${place}:${port}/core/v1/status`, { signal });
    const status: unknown = await answer.json();
    if (!isJsonObject(status)) return undefined;
    const { version, listen } = status;
    if (typeof version !== "string" || typeof listen !== "string") return undefined;
    return { version, listen };
  } catch {
    return undefined;
  }
}
