import type { Api } from "./api.ts";

interface KnownPath {
  readonly segments: readonly string[];
  readonly methods: Set<string>;
}

/**
 * Collects the methods of each path that is registered from now on. Answers with those that a path
 * takes, sorted; none where nothing is there.
 */
export function allowedMethods(api: Api): (path: string) => string[] {
  const known = new Map<string, KnownPath>();
  api.addHook("onRoute", ({ method, url }) => {
    const entry = known.get(url) ?? { segments: segmentsOf(url), methods: new Set() };
    for (const one of [method].flat()) entry.methods.add(one);
    known.set(url, entry);
  });
  return (path) => {
    const asked = segmentsOf(path);
    const fitting = [...known.values()].filter(({ segments }) => fits(segments, asked));
    return [...new Set(fitting.flatMap(({ methods }) => [...methods]))].toSorted();
  };
}

function segmentsOf(path: string): readonly string[] {
  return path.replace(/\/$/u, "").split("/");
}

function fits(segments: readonly string[], asked: readonly string[]): boolean {
  return (
    segments.length === asked.length &&
    segments.every((segment, at) =>
      segment.startsWith(":") ? asked[at] !== "" : segment === asked[at],
    )
  );
}
