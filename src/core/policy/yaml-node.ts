/** YAML as policy files use it: plain data with places, aliases resolved, tags refused. */
export type YamlNode = YamlMap | YamlList | YamlScalar;

export interface YamlMap {
  readonly kind: "map";
  readonly at: number;
  readonly end: number;
  readonly entries: readonly YamlEntry[];
  /** Nodes below, aliases counted as often as they are used. */
  readonly size: number;
}

export interface YamlEntry {
  readonly key: string;
  readonly keyAt: number;
  readonly value: YamlNode;
}

export interface YamlList {
  readonly kind: "list";
  readonly at: number;
  readonly end: number;
  readonly items: readonly YamlNode[];
  readonly size: number;
}

export interface YamlScalar {
  readonly kind: "scalar";
  /** UTF-16 offset of the first character, quotes included. */
  readonly at: number;
  readonly end: number;
  readonly value: string | number | boolean | null;
  /** As it was written, without quotes: a number keeps every digit. */
  readonly source: string;
  readonly size: 1;
}

export function entryOf(map: YamlMap, key: string): YamlEntry | undefined {
  return map.entries.find((entry) => entry.key === key);
}

export function valueOf(map: YamlMap, key: string): YamlNode | undefined {
  return entryOf(map, key)?.value;
}

export function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}

export function describeNode(node: YamlNode): string {
  if (node.kind === "map") return "a map";
  if (node.kind === "list") return "a list";
  if (node.value === null) return "nothing";
  return typeof node.value === "string" ? "text" : `the ${typeof node.value} ${node.source}`;
}
