import type { AgentId, TenantId } from "./units.ts";

/** An agent as the operator registered it. */
export interface Agent {
  readonly id: AgentId;
  readonly tenant: TenantId;
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** Who may come. Synchronous: keys are hashed at load, look-ups are cached. */
export interface Directory {
  byKey(key: string): Agent | undefined;
  /** What clients may say of themselves: `user`, `tag.<name>`. Agents' own entries win. */
  readonly accepts: ReadonlySet<string>;
  /** The one agent a loopback sidecar serves without a key, if the operator named it. */
  readonly loopbackAgent: Agent | undefined;
}
