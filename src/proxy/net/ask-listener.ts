import { request } from "undici";

/** As long as a person may be waited for, and the server after that. */
const ANSWER_TIMEOUT_MS = 600_000;

export interface ListenerAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One POST to a listener of our own, over connections that are kept. Rejects where nobody listens.
 * Not by `fetch`: that loads a second undici, and costs several times as much a call.
 */
export async function askListener(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<ListenerAnswer> {
  const reply = await request(url, {
    method: "POST",
    headers,
    body,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  return { status: reply.statusCode, text: await reply.body.text() };
}
