/**
 * Whose a server's sessions are. An id is all that such a session asks for, and it may leak, be
 * guessed or be planted; here it also takes the agent that the session was opened for. What a server
 * says when it opens one counts; only of ids that it has not given out through here does the first
 * asker become the owner, until it does.
 */
import type { SessionOwnerStore } from "../../../core/session/session-owners.ts";
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
  admits(session: string, owner: string): boolean | Promise<boolean> {
    const now = monotonicMillis();
    if (now > this.#knownUntil || this.#known.size >= SESSIONS_MAX) {
      this.#known.clear();
      this.#knownUntil = now + KNOWN_MS;
    }
    if (this.#known.get(session) === owner) return true;
    const claimed = this.#store.claim(this.#keyOf(session), owner);
    return claimed instanceof Promise
      ? claimed.then((known) => this.#learns(session, owner, known))
      : this.#learns(session, owner, claimed);
  }

  #learns(session: string, asking: string, owner: string | undefined): boolean {
    if (owner !== asking) return false;
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
