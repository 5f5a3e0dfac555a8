/** Tenants whose names are kept ready; with one more all are made anew. */
const TENANTS_MAX = 10_000;

/**
 * Names in Redis. The layout's version is part of them, so that two releases can run side by side;
 * the tenant is the hash tag, so that everything of one tenant is on one node of a cluster.
 */
export class RedisKeys {
  readonly #prefix: string;
  readonly #tenants = new Map<string, string>();

  /** `prefix` tells installations apart that share a server. */
  constructor(prefix: string) {
    this.#prefix = `${prefix}:1`;
  }

  /** Where replicas tell each other what has changed. */
  channel(of: string): string {
    return `${this.#prefix}:${of}`;
  }

  /** What all names begin with of something that is no tenant's; one node of a cluster has it. */
  place(of: string): string {
    return `${this.#prefix}:{${of}}:`;
  }

  /** The tenants that have anything of a kind, each with a place of its own. */
  tenantsWith(kind: string): string {
    return `${this.#prefix}:{${kind}}:tenants`;
  }

  /** `key`: `tenant|…`, its parts escaped. */
  rate(key: string): string {
    return `${this.tenant(key)}rate:${key}`;
  }

  /** What all names of a key's tenant begin with. */
  tenant(key: string): string {
    const name = key.slice(0, Math.max(key.indexOf("|"), 0));
    const known = this.#tenants.get(name);
    if (known !== undefined) return known;
    if (this.#tenants.size >= TENANTS_MAX) this.#tenants.clear();
    const root = `${this.#prefix}:{${tagOf(name)}}:`;
    this.#tenants.set(name, root);
    return root;
  }
}

/** Redis ends the tag at the first brace, and takes an empty one for none. */
function tagOf(tenant: string): string {
  return tenant.replaceAll("{", "%7B").replaceAll("}", "%7D") || "-";
}
