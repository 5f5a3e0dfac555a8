import type { Address } from "../config/config.ts";

const PATIENCE_MS = 2_000;

/** Whether agents are answered there: every refusal says which it is. */
export async function isDataPlane(address: Address): Promise<boolean> {
  const answer = await ask(address, "/-/");
  return answer?.headers.has("x-sallyport-decision") === true;
}

/** Whether operators are. Readiness is all that is asked: that loads nothing into the gate. */
export async function isManagement(address: Address): Promise<boolean> {
  const told = await (await ask(address, "/readyz"))?.text();
  return told !== undefined && /(?:^|\n)(?:not )?ready\n$/.test(told);
}

/** Undefined where nobody answers in clear text. */
async function ask({ host, port }: Address, path: string): Promise<Response | undefined> {
  const place = host.includes(":") ? `[${host}]` : host;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return await fetch(`http://${place}:${port}${path}`, { signal });
  } catch {
    return undefined;
  }
}
