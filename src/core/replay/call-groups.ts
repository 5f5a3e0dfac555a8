import type { ExchangeId } from "../units.ts";

/** Calls of which the same is to be said. */
export type CallGroup<T> = T & {
  readonly count: number;
  /** The first and the last of them. */
  readonly examples: readonly ExchangeId[];
};

export interface CallGroups<T> {
  add(said: T, exchange: ExchangeId): void;
  /** The largest first. */
  list(): readonly CallGroup<T>[];
  /** Calls of groups beyond the bound. */
  readonly omitted: number;
}

const GROUPS_MAX = 1_000;

interface Counting<T> {
  readonly said: T;
  readonly first: ExchangeId;
  last: ExchangeId;
  count: number;
}

export function groupCalls<T extends object>(): CallGroups<T> {
  const groups = new Map<string, Counting<T>>();
  let omitted = 0;
  return {
    add(said, exchange) {
      const key = JSON.stringify(said);
      const known = groups.get(key);
      if (known !== undefined) {
        known.count += 1;
        known.last = exchange;
      } else if (groups.size < GROUPS_MAX) {
        groups.set(key, { said, first: exchange, last: exchange, count: 1 });
      } else omitted += 1;
    },
    list: () =>
      [...groups.values()]
        .toSorted((a, b) => b.count - a.count)
        .map(({ said, count, first, last }) => {
          return { ...said, count, examples: first === last ? [first] : [first, last] };
        }),
    get omitted() {
      return omitted;
    },
  };
}
