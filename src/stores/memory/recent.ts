/** Values by key, of which those that were used last are kept, and what sessions are called there. */
import type { Principal } from "../../core/principal.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** Session names are the client's: they mean something only together with the agent. */
export function sessionKey({ tenant, agent, session }: Principal): string {
  return JSON.stringify([tenant, agent, session]);
}

/** At most so many values; the one that was quiet longest goes first. */
export class Recent<Value> {
  readonly #most: number;
  readonly #make: () => Value;
  readonly #values = new Map<string, Value>();
  /** Used last, so it stands last: moving it with each call of its session remakes the map's table. */
  #last: { readonly key: string; readonly value: Value } | undefined;

  constructor(most: number, make: () => Value) {
    this.#most = most;
    this.#make = make;
  }

  get size(): number {
    return this.#values.size;
  }

  /** Does not count as use. */
  known(key: string): Value | undefined {
    return this.#values.get(key);
  }

  /** Made where there is none. */
  of(key: string): Value {
    if (this.#last?.key === key) return this.#last.value;
    const value = this.#values.get(key) ?? this.#make();
    keepRecent(this.#values, key, value, this.#most);
    this.#last = { key, value };
    return value;
  }
}
