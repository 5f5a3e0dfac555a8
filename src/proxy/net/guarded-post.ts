/** A POST to an address that a user chose: judged like every other, and told nothing of the answer. */
import { Agent, request } from "undici";
import type { Millis } from "../../core/units.ts";
import { codeOf } from "../../lib/caught.ts";
import { ADDRESS_FORBIDDEN, createGuardedConnector } from "./guarded-connector.ts";

export interface GuardedPost extends AsyncDisposable {
  /** Never rejects. The error is one of a few words: a receiver's text is nobody's business. */
  post(message: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  }): Promise<{ readonly status: number | undefined; readonly error: string | undefined }>;
}

export interface GuardedPostOptions {
  readonly allowPrivate: boolean;
  /** Name look-up, connecting, sending and the answer's head together. */
  readonly timeout: Millis;
}

export function createGuardedPost({ allowPrivate, timeout }: GuardedPostOptions): GuardedPost {
  const connect = createGuardedConnector({ allowPrivate, connectTimeout: timeout });
  // No connection is kept: receivers are many and rare.
  const agent = new Agent({
    connect,
    pipelining: 0,
    headersTimeout: timeout,
    bodyTimeout: timeout,
  });
  return {
    async post({ url, headers, body }) {
      try {
        const signal = AbortSignal.timeout(timeout);
        const options = { method: "POST", headers, body, dispatcher: agent, signal } as const;
        const { statusCode: status, body: answer } = await request(url, options);
        answer.on("error", () => undefined).destroy();
        return { status, error: status < 300 ? undefined : `answered ${status}` };
      } catch (error) {
        return { status: undefined, error: reasonOf(error) };
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "could not be sent";
  const code = codeOf(error);
  if (code === ADDRESS_FORBIDDEN) return "leads to an address that may not be reached";
  return error.name === "TimeoutError" ? "timed out" : `could not be sent (${code})`;
}
