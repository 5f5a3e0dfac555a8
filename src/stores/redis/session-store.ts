/**
 * Marks of sessions that replicas share. Each exchange asks for them: a session that one replica has
 * marked must not look clean at the other a moment later.
 */
import type { Principal } from "../../core/principal.ts";
import type { SessionName, SessionStore } from "../../core/session/session.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { ADD_MARKS, CLEAR_MARKS, READ_MARKS } from "./session-scripts.ts";

/** Sessions whose marks Redis has not taken yet. With more, every session is refused: none is lost. */
const UNTOLD_MAX = 10_000;

/** How long after a refusal Redis is asked again. */
const RETRY_MS = 500;

export class RedisSessionStore implements SessionStore, AsyncDisposable {
  readonly #client: RedisClient;
  readonly #keys: RedisKeys;
  /** In force here from the moment they are made; told to Redis until it has them. */
  readonly #untold = new Map<string, ReadonlySet<string>>();
  #retry: NodeJS.Timeout | undefined;
  #telling: Promise<void> | undefined;

  constructor({ client, keys }: { readonly client: RedisClient; readonly keys: RedisKeys }) {
    this.#client = client;
    this.#keys = keys;
  }

  /** Rejects where Redis cannot be asked: whoever asks must not take that for "no marks". */
  async marks(session: SessionName): Promise<readonly string[]> {
    if (this.#untold.size >= UNTOLD_MAX) {
      throw new Error("too many sessions have marks that could not be written");
    }
    const key = this.#keyOf(session);
    // Looked at first: what is told meanwhile is in the answer.
    const untold = this.#untold.get(key);
    const reply = await this.#client.run(READ_MARKS, [key], []);
    const told = Array.isArray(reply) ? reply.map(String) : [];
    return inOrder(told, untold ?? []);
  }

  mark(principal: Principal, marks: readonly string[]): Promise<void> | void {
    if (marks.length === 0) return;
    const key = this.#keyOf(principal);
    const untold = new Set([...(this.#untold.get(key) ?? []), ...marks]);
    this.#untold.set(key, untold);
    // Not behind what else waits to be told: an answer is held back meanwhile.
    return this.#tellOne(key, untold).then((told) => void (told || this.#tellLater()));
  }

  async clear(session: SessionName): Promise<readonly string[]> {
    const key = this.#keyOf(session);
    const untold = this.#untold.get(key) ?? [];
    this.#untold.delete(key);
    const reply = await this.#client.run(CLEAR_MARKS, [key], []);
    const told = Array.isArray(reply) ? reply.map(String) : [];
    return inOrder(told, untold);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#retry);
    await this.#telling;
  }

  #tell(): void {
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined;
      if (this.#untold.size > 0) this.#tellLater();
    });
  }

  async #tellAll(): Promise<void> {
    for (const [key, marks] of this.#untold) if (!(await this.#tellOne(key, marks))) return;
  }

  /** False: Redis is away, and its client says so. They stay in force here and are told again. */
  async #tellOne(key: string, marks: ReadonlySet<string>): Promise<boolean> {
    try {
      await this.#client.run(ADD_MARKS, [key], [...marks]);
    } catch {
      return false;
    }
    // More may have come for the same session meanwhile.
    if (this.#untold.get(key) === marks) this.#untold.delete(key);
    return true;
  }

  #tellLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#tell(), RETRY_MS).unref();
  }

  /** Sessions are named by clients: two agents may choose the same name and share nothing. */
  #keyOf({ tenant, agent, session }: SessionName): string {
    return `${this.#keys.tenant(`${tenant}|`)}marks:${agent}:${session}`;
  }
}

function inOrder(told: readonly string[], untold: Iterable<string>): readonly string[] {
  return [...new Set([...told, ...untold])].toSorted((a, b) => (a < b ? -1 : 1));
}
