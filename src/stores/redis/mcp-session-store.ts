/**
 * Whose MCP sessions are, and what their clients can do, for all replicas: a client's next request
 * may come to any of them. What this machine has learnt stays on its disk as well, and is what
 * counts while Redis is away.
 */
import type { SessionClientStore } from "../../core/session/session-clients.ts";
import type { SessionOwnerStore } from "../../core/session/session-owners.ts";
import { CLAIM_SESSION, FORGET_SESSION, READ_CLIENT, WRITE_SESSION } from "./mcp-scripts.ts";
import { mcpPlace } from "./mcp-place.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisKeys } from "./redis-keys.ts";
import type { RedisScript } from "./redis-script.ts";

/** The disk's part. */
export interface LocalMcpSessions extends SessionOwnerStore, SessionClientStore {
  /** Undefined: it was never heard of here. */
  ownerOf(session: string): string | undefined;
  capabilitiesOf(session: string): string | undefined;
}

export interface RedisMcpOptions {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
}

export class RedisMcpSessions implements SessionOwnerStore, SessionClientStore {
  readonly #local: LocalMcpSessions;
  readonly #options: RedisMcpOptions;

  constructor(local: LocalMcpSessions, options: RedisMcpOptions) {
    this.#local = local;
    this.#options = options;
  }

  open(session: string, owner: string): void {
    this.#local.open(session, owner);
    this.#tell(WRITE_SESSION, session, ["o", owner]);
  }

  async claim(session: string, owner: string): Promise<string | undefined> {
    const known = this.#local.ownerOf(session);
    try {
      const found = await this.#run(CLAIM_SESSION, session, [owner]);
      if (typeof found !== "string") return undefined;
      if (found !== known) this.#local.open(session, found);
      return found;
    } catch {
      return known;
    }
  }

  forget(session: string): void {
    this.#local.forget(session);
    this.#tell(FORGET_SESSION, session, []);
  }

  introduce(session: string, capabilities: string): void {
    this.#local.introduce(session, capabilities);
    this.#tell(WRITE_SESSION, session, ["c", capabilities]);
  }

  async capabilitiesOf(session: string): Promise<string | undefined> {
    const known = this.#local.capabilitiesOf(session);
    try {
      const found = await this.#run(READ_CLIENT, session, []);
      return typeof found === "string" ? found : known;
    } catch {
      return known;
    }
  }

  /** Where Redis is away, other replicas take whoever asks first for the owner, as after a restart. */
  #tell(script: RedisScript, session: string, args: readonly string[]): void {
    this.#run(script, session, args).catch(() => undefined);
  }

  #run(script: RedisScript, session: string, args: readonly string[]): Promise<unknown> {
    const { client, keys } = this.#options;
    return client.run(script, [mcpPlace(keys, "session", session)], args);
  }
}
