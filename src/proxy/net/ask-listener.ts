import { readFile } from "node:fs/promises";
import { Agent, request } from "undici";

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
 * times as much a call. `certFile`: where the listener has its certificate; undefined: clear text.
 */
export function createAskListener(url: string, certFile: string | undefined): AskListener {
  const agentNow = certFile === undefined ? undefined : agentTrusting(certFile);
  return async (path, headers, body) => {
    const reply = await request(url + path, {
      method: "POST",
      headers,
      body,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      ...(agentNow !== undefined && { dispatcher: await agentNow() }),
    });
    return { status: reply.statusCode, text: await reply.body.text() };
  };
}

/** Read for each call, because certificates are renewed while the gate runs. */
function agentTrusting(certFile: string): () => Promise<Agent> {
  let trusted = "";
  let agent: Agent | undefined;
  return async () => {
    const own = await readFile(certFile, "utf8");
    if (agent !== undefined && own === trusted) return agent;
    void agent?.close();
    trusted = own;
    // Nobody but the certificate itself is trusted; its names are those of others' way here.
    const connect = { ca: own, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
    return (agent = new Agent({ connect }));
  };
}
