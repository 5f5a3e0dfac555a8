import type { Address } from "../config/config.ts";

const PATIENCE_MS = 2_000;

/** Whether agents are answered there: every refusal says which it is. */
export async function isDataPlane(address: Address): Promise<boolean> {
  const told = await ask(address, "/-/");
  return told?.headers.has("x-sallyport-decision") === true;
}

/** Whether operators are. Readiness is all that is asked: that loads nothing into the gate. */
export async function isManagement(address: Address): Promise<boolean> {
  const told = await ask(address, "/readyz");
  return told !== undefined && /(?:^|\n)(?:not )?ready\n$/.test(told.text);
}

interface Told {
  readonly headers: Headers;
  readonly text: string;
}

/** Undefined where nobody answers, whole and in clear text. */
async function ask({ host, port }: Address, path: string): Promise<Told | undefined> {
  const place = host.includes(":") ? `[${host}]` : host;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(`http://${place}:${port}${path}`, { signal });
    return { headers: answer.headers, text: await answer.text() };
  } catch {
    return undefined;
  }
}
