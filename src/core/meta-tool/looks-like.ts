/**
 * Meta-tools that nobody has described, by their look: `call_tool { tool_name, arguments }` and
 * `search_tools { query }`, in the spellings that servers use.
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../json.ts";

export type CallLook =
  | {
      readonly kind: "call";
      readonly nameIn: string;
      readonly serverIn: string | undefined;
      readonly argsIn: string | undefined;
    }
  /** It names tools, and not one of them alone. */
  | { readonly kind: "ambiguous" };

/** Words that name a tool wherever they stand. */
const TOOL_WORDS = words("tool toolname toolid toolslug toolkey targettool mcptool functionname");
/** Words that do so only for a tool that says of itself that it calls others. */
const NAME_WORDS = words("name function action");
const SERVER_WORDS = words("server servername serverid mcpserver");
const ARGS_WORDS = words(
  "arguments args params parameters input inputs payload kwargs argumentsjson argsjson " +
    "toolarguments toolargs toolparams toolparameters toolinput",
);
const CALLS = words("call calls invoke execute exec run use dispatch multi");
const THINGS = words("tool tools function functions action actions mcp gateway server");
const SEARCHES = words("search find list discover query browse lookup");

/** Cheaper than the look at its words, which most names are spared. */
const SEARCH_HINT = /search|find|list|discover|query|browse|lookup/i;

/** Members and entries that are looked at; who needs more hides something, or is no meta-tool. */
const LOOKED_AT_MAX = 256;

/** Undefined: nothing in these arguments names a tool. */
export function callLook(tool: string, args: JsonObject): CallLook | undefined {
  const strong: string[] = [];
  const weak: string[] = [];
  let serverIn: string | undefined;
  let argsIn: string | undefined;
  let lists: readonly JsonValue[] | undefined;
  for (const [member, value] of Object.entries(args)) {
    const word = folded(member);
    if (TOOL_WORDS.has(word) && typeof value === "string") strong.push(member);
    else if (NAME_WORDS.has(word) && typeof value === "string") weak.push(member);
    else if (SERVER_WORDS.has(word) && typeof value === "string") serverIn ??= member;
    else if (ARGS_WORDS.has(word) && holdsArguments(value)) argsIn ??= member;
    else if (isJsonArray(value)) lists = lists === undefined ? value : [...lists, ...value];
  }
  if (strong.length === 0 && weak.length === 0 && lists === undefined) return undefined;
  const isCaller = says(tool, CALLS);
  if (lists !== undefined && namesTools(lists, isCaller)) return { kind: "ambiguous" };
  const candidates = strong.length > 0 || !isCaller ? strong : weak;
  const [nameIn] = candidates;
  if (nameIn === undefined || (argsIn === undefined && !isCaller)) return undefined;
  return candidates.length > 1 ? { kind: "ambiguous" } : { kind: "call", nameIn, serverIn, argsIn };
}

/** Whether a tool says of itself that it looks for tools. */
export function looksLikeSearch(tool: string): boolean {
  return SEARCH_HINT.test(tool) && says(tool, SEARCHES);
}

/** Definitions of tools: all of them have a name and say what they do or take. */
export function looksLikeTools(value: JsonValue | undefined): value is readonly JsonValue[] {
  if (!isJsonArray(value) || value.length === 0) return false;
  return value.slice(0, LOOKED_AT_MAX).every(isDefinition);
}

function isDefinition(entry: JsonValue): boolean {
  if (!isJsonObject(entry) || typeof entry["name"] !== "string") return false;
  return ["description", "inputSchema", "input_schema", "parameters"].some((key) =>
    Object.hasOwn(entry, key),
  );
}

/** `[{ tool, arguments }, …]`. */
function namesTools(entries: readonly JsonValue[], isCaller: boolean): boolean {
  return entries.slice(0, LOOKED_AT_MAX).some((entry) => {
    if (!isJsonObject(entry)) return false;
    const members = Object.keys(entry).slice(0, LOOKED_AT_MAX).map(folded);
    const named = members.some((word) => TOOL_WORDS.has(word));
    const calls = isCaller || members.some((word) => ARGS_WORDS.has(word));
    return calls && (named || (isCaller && members.some((word) => NAME_WORDS.has(word))));
  });
}

/** Some servers take the arguments as the text of a JSON object. */
function holdsArguments(value: JsonValue): boolean {
  return isJsonObject(value) || (typeof value === "string" && value.trimStart().startsWith("{"));
}

/** Whether a name has one of the verbs beside a word for tools: `use_mcp_tool`, `callTool`. */
function says(tool: string, verbs: ReadonlySet<string>): boolean {
  const parts = tool
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return parts.some((part) => verbs.has(part)) && parts.some((part) => THINGS.has(part));
}

function folded(member: string): string {
  return member.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
