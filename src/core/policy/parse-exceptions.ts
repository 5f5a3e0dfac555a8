/** `except:` of an `inspect` entry: findings that the operator knows and lets pass, for a time. */
import { instant } from "../units.ts";
import { itemsOf, mapsOf, placeOf, textsOf, type Parsing } from "./parse-clause.ts";
import type { ExceptionClause, GlobClause } from "./policy-file.ts";
import { textOf, valueOf, type YamlNode } from "./yaml-node.ts";

const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z)?$/;

export function exceptionsOf(
  node: YamlNode | undefined,
  parsing: Parsing,
): readonly ExceptionClause[] {
  return mapsOf(node).flatMap((item) => {
    const until = valueOf(item, "until");
    const text = textOf(until);
    if (until === undefined || text === undefined) return [];
    const time = DATE.test(text) ? Date.parse(text) : Number.NaN;
    // Of the 30th of February JavaScript makes a day in March.
    const isDay = !Number.isNaN(time) && new Date(time).toISOString().startsWith(text.slice(0, 10));
    if (!isDay) {
      const help = "write a day such as 2027-01-31, or 2027-01-31T12:00Z";
      parsing.list.report(placeOf(until, parsing), `${text} is no date`, help);
      return [];
    }
    return [
      {
        tools: textsOf(valueOf(item, "tools")),
        place: placeOf(item, parsing),
        fields: placedTexts(valueOf(item, "fields"), parsing),
        signatures: placedTexts(valueOf(item, "signatures"), parsing),
        until: instant(time),
      },
    ];
  });
}

function placedTexts(node: YamlNode | undefined, parsing: Parsing): readonly GlobClause[] {
  return itemsOf(node).flatMap((item) => {
    const text = textOf(item);
    return text === undefined ? [] : [{ kind: "glob", place: placeOf(item, parsing), text }];
  });
}
