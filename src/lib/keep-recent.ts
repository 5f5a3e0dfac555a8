/**
 * Puts an entry last in a map; where there are more than `most`, the first makes room. A map keeps
 * the order in which its keys were set, so its first is the one that was put longest ago.
 */
export function keepRecent<Key, Value>(
  map: Map<Key, Value>,
  key: Key,
  value: Value,
  most: number,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
