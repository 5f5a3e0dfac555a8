/**
 * Whose a server's sessions are. An id is all that such a session asks for, and it may leak, be
 * guessed or be planted; here it also takes the agent that the session was opened for. What a server
 * says when it opens one counts; only of ids that it has not given out through here does the first
 * asker become the owner, until it does.
 */
import type { SessionOwnerStore } from "../../../core/session/session-owners.ts";
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { monotonicMillis } from "../../../lib/clock.ts";

/** Known without asking the store. */
const SESSIONS_MAX = 10_000;
/** How long, because another worker may have heard of another owner. */
const KNOWN_MS = 1_000;

export class SessionOwners {
  readonly #upstream: string;
  readonly #store: SessionOwnerStore;
  readonly #known = new Map<string, string>();
  /** Monotonic; when what is known is forgotten. */
  #knownUntil = 0;

  constructor(upstream: string, store: SessionOwnerStore) {
    this.#upstream = upstream;
    this.#store = store;
  }

  /** The server has opened it for this owner. */
  open(session: string, owner: string): void {
    this.#known.delete(session);
    this.#store.open(this.#keyOf(session), owner);
  }

  /** False: it is another agent's, or nobody can tell whose. */
  admits(session: string, owner: string): boolean {
    const now = monotonicMillis();
    if (now > this.#knownUntil || this.#known.size >= SESSIONS_MAX) {
      this.#known.clear();
      this.#knownUntil = now + KNOWN_MS;
    }
    if (this.#known.get(session) === owner) return true;
    if (this.#store.claim(this.#keyOf(session), owner) !== owner) return false;
    this.#known.set(session, owner);
    return true;
  }

  forget(session: string): void {
    this.#known.delete(session);
    this.#store.forget(this.#keyOf(session));
  }

  #keyOf(session: string): string {
    return `${this.#upstream}/${session}`;
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
    if (typeof session === "string" && status < 300) this.#owners.open(session, this.#owner);
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
