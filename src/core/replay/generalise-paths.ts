import { matchesAnyPath, pathGlob } from "../policy/glob.ts";

/** Paths that differ in ids alone, from so many on, become one. */
const ALIKE_MIN = 3;
/** Numbers, UUIDs and other hexadecimal names, ULIDs. */
const ID = /^(?:\d+|[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,8}|[0-9A-HJKMNP-TV-Z]{26})$/iu;

/** Paths as globs; none of them matches what is in `closed`. */
export function generalisePaths(
  paths: readonly string[],
  closed: readonly string[],
): readonly string[] {
  const shapes = new Map<string, string[]>();
  for (const path of paths) {
    const shape = path
      .split("/")
      .map((segment) => (ID.test(segment) ? "*" : segment))
      .join("/");
    const alike = shapes.get(shape) ?? [];
    alike.push(path);
    shapes.set(shape, alike);
  }
  return [...shapes].flatMap(([shape, alike]) => {
    if (alike.length < ALIKE_MIN) return alike;
    const globs = [pathGlob(shape)];
    return closed.some((path) => matchesAnyPath(globs, path)) ? alike : [shape];
  });
}
