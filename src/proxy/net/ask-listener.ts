import { Agent, request } from "undici";
import type { OwnListener } from "../../lib/own-listener.ts";
import { createOwnListenerConnector } from "./own-listener-connector.ts";

/** As long as a person may be waited for, and the server after that. */
const ANSWER_TIMEOUT_MS = 600_000;

export interface ListenerAnswer {
  readonly status: number;
  readonly text: string;
}

/** One POST to a listener of our own. Rejects where nobody listens, or somebody else. */
export type AskListener = (
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<ListenerAnswer>;

/**
 * Over connections that are kept. Not by `fetch`: that loads a second undici, and costs several
 * times as much a call. `own`: how the listener serves TLS; undefined: clear text.
 */
export function createAskListener(url: string, own: OwnListener | undefined): AskListener {
  const dispatcher = new Agent({
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    ...(own !== undefined && { connect: createOwnListenerConnector(own) }),
  });
  return async (path, headers, body) => {
    const reply = await request(url + path, { method: "POST", headers, body, dispatcher });
    return { status: reply.statusCode, text: await reply.body.text() };
  };
}
