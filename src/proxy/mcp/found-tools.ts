/** What a search for tools finds names what could be used, as lists do. */
import type { ToolAction } from "../../core/action.ts";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { looksLikeSearch, looksLikeTools } from "../../core/meta-tool/looks-like.ts";
import type { Upstream } from "../../core/upstream.ts";
import { parseStrictJsonText } from "../../lib/strict-json.ts";

type Admits = (use: ToolAction) => boolean;

/** Undefined: this call looks for no tools. The same result where all that was found may be seen. */
export function foundToolsOf(
  tool: string,
  { name: upstream, metaTools = [] }: Upstream,
  admits: Admits,
): ((result: JsonObject) => JsonObject) | undefined {
  const known = metaTools.find((one) => one.tool === tool);
  if (known === undefined ? !looksLikeSearch(tool) : known.kind !== "search") return undefined;
  const listIn = known?.kind === "search" ? known.listIn : undefined;
  const serversIn = metaTools.flatMap((one) => (one.kind === "call" ? (one.serverIn ?? []) : []));
  const shown = (entry: JsonValue): boolean => {
    if (!isJsonObject(entry) || typeof entry["name"] !== "string") return false;
    const server = serversIn.map((member) => entry[member]).find((one) => typeof one === "string");
    const named = server === undefined ? entry["name"] : `${server}.${entry["name"]}`;
    return admits({ kind: "tool", upstream, tool: named, args: NO_ARGUMENTS });
  };
  return (result) => narrow(result, listIn, shown);
}

const NO_ARGUMENTS: JsonObject = {};

type Shown = (entry: JsonValue) => boolean;

/** Most servers say it twice: as structure, and as its JSON in a text. */
function narrow(result: JsonObject, listIn: string | undefined, shown: Shown): JsonObject {
  const { structuredContent, content } = result;
  const structure = structuredContent && narrowed(structuredContent, listIn, shown);
  const said = isJsonArray(content) ? content.map((one) => narrowText(one, listIn, shown)) : [];
  const changed = said.some((one, index) => isJsonArray(content) && one !== content[index]);
  if (structure === structuredContent && !changed) return result;
  return {
    ...result,
    ...(structure !== undefined && { structuredContent: structure }),
    ...(changed && { content: said }),
  };
}

function narrowText(block: JsonValue, listIn: string | undefined, shown: Shown): JsonValue {
  const text = isJsonObject(block) ? block["text"] : undefined;
  if (!isJsonObject(block) || typeof text !== "string" || !/^\s*[[{]/.test(text)) return block;
  const parsed = parseStrictJsonText(text);
  if (parsed.kind === "problem") return block;
  const rest = narrowed(parsed.value, listIn, shown);
  return rest === parsed.value ? block : { ...block, text: JSON.stringify(rest) };
}

/** The list itself, or the members of an object that are one. */
function narrowed(value: JsonValue, listIn: string | undefined, shown: Shown): JsonValue {
  if (looksLikeTools(value)) return kept(value, shown);
  if (!isJsonObject(value)) return value;
  const changes: Record<string, JsonValue> = {};
  for (const [member, list] of Object.entries(value)) {
    const isList = member === listIn ? isJsonArray(list) : looksLikeTools(list);
    if (!isList || !isJsonArray(list)) continue;
    const rest = kept(list, shown);
    if (rest !== list) changes[member] = rest;
  }
  return Object.keys(changes).length === 0 ? value : { ...value, ...changes };
}

function kept(entries: readonly JsonValue[], shown: Shown): readonly JsonValue[] {
  const rest = entries.filter(shown);
  return rest.length === entries.length ? entries : rest;
}
