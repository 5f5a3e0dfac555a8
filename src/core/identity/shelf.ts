/** Things by id, as one array that is made anew only when one of them changes. */
export interface Shelf<T> {
  /** In place of what the id had before; nothing takes that away. */
  put(id: string, things: readonly T[]): void;
  /** By id. */
  all(): readonly T[];
}

export function createShelf<T>(): Shelf<T> {
  const shelf = new Map<string, readonly T[]>();
  let all: readonly T[] | undefined = [];
  return {
    put(id, things) {
      if (things.length === 0 && !shelf.has(id)) return;
      if (things.length === 0) shelf.delete(id);
      else shelf.set(id, things);
      all = undefined;
    },
    all() {
      all ??= [...shelf].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, things]) => things);
      return all;
    },
  };
}
