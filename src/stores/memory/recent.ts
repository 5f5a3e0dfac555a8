/** Maps that remember what was used last, and what sessions are called in them. */
import type { Principal } from "../../core/principal.ts";

/** Session names are the client's: they mean something only together with the agent. */
export function sessionKey({ tenant, agent, session }: Principal): string {
  return JSON.stringify([tenant, agent, session]);
}

/** The entry, moved to the end of the map; made where there is none. */
export function recent<Value>(
  map: Map<string, Value>,
  key: string,
  most: number,
  make: () => Value,
): Value {
  const value = map.get(key) ?? make();
  map.delete(key);
  map.set(key, value);
  if (map.size > most) {
    for (const oldest of map.keys()) {
      map.delete(oldest);
      break;
    }
  }
  return value;
}
