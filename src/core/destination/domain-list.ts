/** Domains by name, each with all that is below it; `=host` is that host alone. */
export interface DomainList {
  readonly size: number;
  has(host: string): boolean;
}

export const NO_DOMAINS: DomainList = { size: 0, has: () => false };

export function domainList(entries: Iterable<string>): DomainList {
  const names = new Set<string>();
  for (const entry of entries)
    names.add(entry.toLowerCase().replace(/^\*\./, "").replace(/\.$/, ""));
  return {
    size: names.size,
    has(host) {
      if (names.size === 0) return false;
      return names.has(`=${host}`) || listedName(names, host) !== undefined;
    },
  };
}

/** The name, or the nearest of those it stands below, that is among `names`. */
export function listedName(names: ReadonlySet<string>, host: string): string | undefined {
  for (let rest = host; rest !== "";) {
    if (names.has(rest)) return rest;
    const dot = rest.indexOf(".");
    rest = dot < 0 ? "" : rest.slice(dot + 1);
  }
  return undefined;
}
