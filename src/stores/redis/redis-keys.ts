/**
 * Names in Redis. The layout's version is part of them, so that two releases can run side by side;
 * the tenant is the hash tag, so that everything of one tenant is on one node of a cluster.
 */
export class RedisKeys {
  readonly #prefix: string;

  /** `prefix` tells installations apart that share a server. */
  constructor(prefix: string) {
    this.#prefix = `${prefix}:1`;
  }

  /** `key`: `tenant|…`, its parts escaped. */
  of(kind: "balance" | "rate", key: string): string {
    return `${this.tenant(key)}${kind}:${key}`;
  }

  /** What all names of a key's tenant begin with. */
  tenant(key: string): string {
    return `${this.#prefix}:{${tagOf(key.slice(0, Math.max(key.indexOf("|"), 0)))}}:`;
  }
}

/** Redis ends the tag at the first brace, and takes an empty one for none. */
function tagOf(tenant: string): string {
  return tenant.replaceAll("{", "%7B").replaceAll("}", "%7D") || "-";
}
