/** What every clause parser needs: values of well-formed nodes, and globs with their places. */
import { CLEARANCES, type Clearance } from "../identity/directory-entry.ts";
import type { ShapeCheck } from "./check-shape.ts";
import type { GlobClause, Mode } from "./policy-file.ts";
import { placeAt, type Place } from "./source-text.ts";
import { textOf, valueOf, type YamlMap, type YamlNode } from "./yaml-node.ts";

/** The shape check ran before; parsers skip what it refused and never report it again. */
export type Parsing = ShapeCheck;

export function placeOf(node: YamlNode, { source }: Parsing): Place {
  return placeAt(source, node.at);
}

export function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === "list" ? node.items : [];
}

export function mapsOf(node: YamlNode | undefined): readonly YamlMap[] {
  return itemsOf(node).filter((item) => item.kind === "map");
}

export function textsOf(node: YamlNode | undefined): readonly string[] {
  return itemsOf(node).flatMap((item) => textOf(item) ?? []);
}

/** The text if it is one of the words; the shape check has reported anything else. */
export function wordOf<Word extends string>(
  node: YamlNode | undefined,
  words: readonly Word[],
): Word | undefined {
  const text = textOf(node);
  return words.find((word) => word === text);
}

export function modeOf(map: YamlMap): Mode | undefined {
  return wordOf(valueOf(map, "mode"), ["enforce", "shadow", "off"]);
}

export function numberOf(node: YamlNode | undefined): number | undefined {
  return node?.kind === "scalar" && typeof node.value === "number" ? node.value : undefined;
}

export function clearanceOf(node: YamlNode | undefined): Clearance | undefined {
  const number = numberOf(node);
  return CLEARANCES.find((clearance) => clearance === number);
}

const NAME_SPECIALS = /[{}?[\]\s,]|^!/;

/** Globs of names. A character that other glob dialects know is refused, not taken literally. */
export function nameGlobsOf(node: YamlNode | undefined, parsing: Parsing): readonly GlobClause[] {
  return globsOf(node, parsing, (text) =>
    NAME_SPECIALS.test(text) ? "the only special character of a glob is *" : undefined,
  );
}

export function pathGlobsOf(node: YamlNode | undefined, parsing: Parsing): readonly GlobClause[] {
  return globsOf(node, parsing, (text) => {
    if (!text.startsWith("/") && text !== "**") return `a path starts with a slash: /${text}`;
    return /\*\*[^/]|[^/]\*\*/.test(text) && text !== "**"
      ? "** stands for whole segments: /a/**/b"
      : undefined;
  });
}

/** Globs of anything: prompt names and resource URIs may hold every character. */
export function freeGlobsOf(node: YamlNode | undefined, parsing: Parsing): readonly GlobClause[] {
  return globsOf(node, parsing, () => undefined);
}

function globsOf(
  node: YamlNode | undefined,
  parsing: Parsing,
  faultOf: (text: string) => string | undefined,
): readonly GlobClause[] {
  const globs: GlobClause[] = [];
  for (const item of itemsOf(node)) {
    const text = textOf(item);
    if (text === undefined) continue;
    const place = placeOf(item, parsing);
    const fault = faultOf(text);
    if (fault !== undefined)
      parsing.list.report(place, `${text} is no glob of this language`, fault);
    if (globs.some((glob) => glob.text === text)) {
      parsing.list.report(place, `${text} stands in this list twice`, "remove one of them");
    }
    globs.push({ kind: "glob", place, text });
  }
  return globs;
}
