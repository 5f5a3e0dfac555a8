/** What changed between two versions of a definition, by what it means to whoever approves it. */
import { canonicalJson } from "../../lib/canonical-json.ts";
import { isJsonArray, isJsonObject, type JsonValue } from "../json.ts";

export interface Difference {
  readonly aspect: Aspect;
  /** JSON pointer into the definition. */
  readonly pointer: string;
  /** Canonical JSON; undefined where it is not there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * A schema is `widened` where it takes more than before, `narrowed` where it takes less, and
 * `changed` where neither can be told.
 */
export type Aspect =
  | "title"
  | "description"
  | "input schema widened"
  | "input schema narrowed"
  | "input schema changed"
  | "output schema"
  | "annotations"
  | "icons"
  | "meta"
  | "other";

/** Differences that one comparison lists; the last one then says that there are more. */
export const DIFFERENCES_MAX = 100;

export function differencesOf(before: JsonValue, after: JsonValue): readonly Difference[] {
  const found: Difference[] = [];
  compare("", before, after, found);
  return found;
}

type Side = JsonValue | undefined;

function compare(pointer: string, before: Side, after: Side, found: Difference[]): void {
  if (found.length >= DIFFERENCES_MAX) return;
  if (isJsonObject(before) && isJsonObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    for (const name of [...names].toSorted()) {
      compare(`${pointer}/${escaped(name)}`, before[name], after[name], found);
    }
    return;
  }
  const [was, is] = [textOf(before), textOf(after)];
  if (was === is) return;
  const aspect = aspectOf(pointer, before, after);
  found.push({ aspect, pointer, before: was, after: is });
}

function textOf(side: Side): string | undefined {
  return side === undefined ? undefined : canonicalJson(side);
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function aspectOf(pointer: string, before: Side, after: Side): Aspect {
  const [, member = ""] = pointer.split("/", 2);
  switch (member) {
    case "title":
    case "description":
    case "annotations":
    case "icons":
      return member;
    case "_meta":
      return "meta";
    case "outputSchema":
      return "output schema";
    case "inputSchema":
    case "arguments":
      return schemaAspect(pointer, before, after);
    default:
      return pointer === "" ? "description" : "other";
  }
}

const DESCRIBING = new Set(["description", "title", "examples", "$comment", "default"]);

function schemaAspect(pointer: string, before: Side, after: Side): Aspect {
  const parts = pointer.split("/");
  const keyword = parts.at(-1) ?? "";
  const isProperty = parts.at(-2) === "properties";
  if (!isProperty && DESCRIBING.has(keyword)) return "description";
  if (isProperty && before === undefined) return "input schema widened";
  if (isProperty && after === undefined) return "input schema narrowed";
  // What is required bounds; to require nothing is to bound nothing.
  if (keyword === "required") return bySubset(after ?? [], before ?? []);
  if (keyword === "additionalProperties") return byOpenness(before, after);
  if (before === undefined) return "input schema narrowed";
  if (after === undefined) return "input schema widened";
  const isChoice = keyword === "enum" || keyword === "type";
  return isChoice ? bySubset(before, after) : "input schema changed";
}

/** Widened where everything in `small` is in `large` as well. */
function bySubset(small: JsonValue, large: JsonValue): Aspect {
  const [less, more] = [itemsOf(small), itemsOf(large)];
  if (less.every((item) => more.includes(item))) return "input schema widened";
  return more.every((item) => less.includes(item))
    ? "input schema narrowed"
    : "input schema changed";
}

function itemsOf(side: JsonValue): readonly string[] {
  return isJsonArray(side) ? side.map((item) => canonicalJson(item)) : [canonicalJson(side)];
}

function byOpenness(before: Side, after: Side): Aspect {
  if (after === false) return "input schema narrowed";
  return before === false ? "input schema widened" : "input schema changed";
}
