/** One call to this gateway itself: in clear text, or under the certificate that it shows. */
import type { IncomingMessage } from "node:http";
import type { requestTls } from "../../lib/node-https.ts";
import { trustOwnListener, type OwnListener } from "../../lib/own-listener.ts";

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

/** `own`: how the gateway serves TLS. Rejects where nobody answers in time, or somebody else. */
export async function postQuestion(question: Question, own?: OwnListener): Promise<Reply> {
  const { url, headers, body, signal } = question;
  if (own !== undefined) {
    const tls = await import("../../lib/node-https.ts");
    return postOverTls(tls.requestTls, question, own);
  }
  const reply = await fetch(url, { method: "POST", signal, headers, body });
  // The gateway bounds what an upstream may answer.
  return { status: reply.status, body: await reply.text() };
}

function postOverTls(
  request: typeof requestTls,
  question: Question,
  own: OwnListener,
): Promise<Reply> {
  const { url, headers, body, signal } = question;
  return new Promise((resolve, reject) => {
    const options = {
      method: "POST",
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      signal,
      agent: false,
      ...trustOwnListener(own),
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
