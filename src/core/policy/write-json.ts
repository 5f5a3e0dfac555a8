import type { YamlNode } from "./yaml-node.ts";

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A YAML value as JSON text. A number keeps the digits it was written with. */
export function writeJson(node: YamlNode): string {
  switch (node.kind) {
    case "map": {
      const members = node.entries.map(({ key, value }) => {
        return `${JSON.stringify(key)}:${writeJson(value)}`;
      });
      return `{${members.join(",")}}`;
    }
    case "list":
      return `[${node.items.map(writeJson).join(",")}]`;
    case "scalar":
      if (typeof node.value === "number" && JSON_NUMBER.test(node.source)) return node.source;
      return JSON.stringify(node.value);
  }
}
