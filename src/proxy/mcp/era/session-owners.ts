/**
 * Whose a server's sessions are. An id is all that such a session asks for, and it may leak, be
 * guessed or be planted; here it also takes the agent that the session was opened for. After a
 * restart it belongs to whoever shows it first.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

/** The ones not used for the longest are forgotten. */
const SESSIONS_MAX = 10_000;

export class SessionOwners {
  readonly #owners = new Map<string, string>();

  /** False: it is another agent's. */
  admits(session: string, owner: string): boolean {
    const known = this.#owners.get(session);
    if (known !== undefined && known !== owner) return false;
    this.#owners.delete(session);
    this.#owners.set(session, owner);
    if (this.#owners.size > SESSIONS_MAX) {
      this.#owners.delete(this.#owners.keys().next().value ?? "");
    }
    return true;
  }

  forget(session: string): void {
    this.#owners.delete(session);
  }
}

/** Notes the session that an `initialize` opens, and lets everything pass. */
export class SessionBinder implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #owners: SessionOwners;
  readonly #owner: string;

  constructor(handler: Dispatcher.DispatchHandler, owners: SessionOwners, owner: string) {
    this.#handler = handler;
    this.#owners = owners;
    this.#owner = owner;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    const session = headers["mcp-session-id"];
    if (typeof session === "string") this.#owners.admits(session, this.#owner);
    this.#handler.onResponseStart?.(controller, status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onResponseError?.(controller, error);
  }
}
