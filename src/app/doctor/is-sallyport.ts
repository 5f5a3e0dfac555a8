import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import type { Address, ListenerConfig } from "../config/config.ts";

const PATIENCE_MS = 2_000;

/** Whether agents are answered there: every refusal says which it is. */
export async function isDataPlane({ tls, ...address }: ListenerConfig): Promise<boolean> {
  if (tls !== undefined) return showsCertificate(address, tls.certFile);
  const told = await ask(address, "/-/");
  return told?.headers.has("x-sallyport-decision") === true;
}

/** Whether operators are. Readiness is all that is asked: that loads nothing into the gate. */
export async function isManagement({ tls, ...address }: ListenerConfig): Promise<boolean> {
  if (tls !== undefined) return showsCertificate(address, tls.certFile);
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

/** Who has the configured certificate is the configured listener, also where it asks for ours. */
function showsCertificate({ host, port }: Address, certFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing is sent, so nobody needs to be trusted.
    const socket = connect({ host, port, rejectUnauthorized: false });
    const end = (shown: boolean): void => {
      resolve(shown);
      socket.destroy();
    };
    socket.setTimeout(PATIENCE_MS, () => end(false));
    socket.once("error", () => end(false));
    socket.once("secureConnect", () => {
      const shown = socket.getPeerX509Certificate()?.fingerprint256;
      end(shown !== undefined && shown === fingerprintOf(certFile));
    });
  });
}

function fingerprintOf(certFile: string): string | undefined {
  try {
    return new X509Certificate(readFileSync(certFile)).fingerprint256;
  } catch {
    return undefined;
  }
}
