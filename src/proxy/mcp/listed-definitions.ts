/** What a server lists, held against what was approved of it. */
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import type { DefinitionEra, DefinitionKind, DefinitionRef } from "../../core/trust/definition.ts";
import type { DefinitionStore } from "../../core/trust/definition-store.ts";
import type { Pin } from "../../core/trust/pin.ts";
import type { UpstreamName } from "../../core/units.ts";

/** Pins of one server as one credential sees it, in one era. */
export class ListedDefinitions {
  readonly #store: DefinitionStore;
  readonly #upstream: UpstreamName;
  readonly #scope: string;
  readonly #era: DefinitionEra;

  constructor(
    store: DefinitionStore,
    { upstream, scope, era }: Omit<DefinitionRef, "kind" | "name">,
  ) {
    this.#store = store;
    this.#upstream = upstream;
    this.#scope = scope;
    this.#era = era;
  }

  /** Pins by name; what has none must not be shown. */
  observe(
    kind: DefinitionKind,
    entries: readonly JsonValue[],
    nameOf: (entry: JsonValue) => string | undefined,
  ): ReadonlyMap<string, Pin> {
    const named = new Map<string, JsonValue>();
    for (const entry of entries) {
      const name = nameOf(entry);
      if (name === undefined) continue;
      const twin = named.get(name);
      // Two of one name: which of them a call would reach is the server's choice.
      named.set(name, twin === undefined ? entry : [twin, entry]);
    }
    const [upstream, scope, era] = [this.#upstream, this.#scope, this.#era];
    return this.#store.observe({ upstream, scope, era, kind, entries: named });
  }

  /** Whether the model may read them. */
  observeInstructions(instructions: string): boolean {
    const pins = this.observe("instructions", [instructions], () => "");
    return pins.get("")?.standing === "approved";
  }
}

/** A reader of names for `observe`. */
export function memberReader(member: string): (entry: JsonValue) => string | undefined {
  return (entry) => {
    const name = isJsonObject(entry) ? entry[member] : undefined;
    return typeof name === "string" ? name : undefined;
  };
}
