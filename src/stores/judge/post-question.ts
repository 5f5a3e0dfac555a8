/** One call to this gateway itself: in clear text, or under the certificate that it shows. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import type { requestTls } from "../../lib/node-https.ts";

export interface Question {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/**
 * `certFile`: where the gateway has its certificate, which is read for each call because it changes;
 * undefined: it shows none. Rejects where nobody answers in time, or somebody else.
 */
export async function postQuestion(question: Question, certFile?: string): Promise<Reply> {
  const { url, headers, body, signal } = question;
  if (certFile !== undefined) {
    const tls = await import("../../lib/node-https.ts");
    return postOverTls(tls.requestTls, question, await readFile(certFile, "utf8"));
  }
  const reply = await fetch(url, { method: "POST", signal, headers, body });
  // The gateway bounds what an upstream may answer.
  return { status: reply.status, body: await reply.text() };
}

function postOverTls(request: typeof requestTls, question: Question, own: string): Promise<Reply> {
  const { url, headers, body, signal } = question;
  return new Promise((resolve, reject) => {
    const options = {
      method: "POST",
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      signal,
      agent: false,
      // Nobody but the certificate itself is trusted; its names are those of others' way here.
      ca: own,
      allowPartialTrustChain: true,
      checkServerIdentity: () => undefined,
    } as const;
    const asked = request(url, options, (reply) => {
      readAll(reply).then(resolve, reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

async function readAll(reply: IncomingMessage): Promise<Reply> {
  let body = "";
  for await (const piece of reply.setEncoding("utf8")) body += String(piece);
  return { status: reply.statusCode ?? 0, body };
}
