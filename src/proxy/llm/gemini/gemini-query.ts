/**
 * Google's servers take more in the query than a path shows: a credential, another encoding of the
 * answer, headers, a method. Only what is known to be harmless goes on; credentials are dropped.
 *
 * @see https://cloud.google.com/apis/docs/system-parameters
 */
const CREDENTIALS = new Set(["key", "$key", "access_token", "oauth_token"]);
const HARMLESS = new Set(["alt", "$alt", "pageSize", "pageToken", "prettyPrint", "$prettyPrint"]);
const ENCODINGS = new Set(["json", "sse"]);

export type GeminiQuery =
  | {
      readonly kind: "ok";
      /** With its `?`, or empty. */
      readonly text: string;
      /** The answer comes as server-sent events. */
      readonly events: boolean;
    }
  | { readonly kind: "problem"; readonly message: string };

const EMPTY: GeminiQuery = { kind: "ok", text: "", events: false };
const EVENTS: GeminiQuery = { kind: "ok", text: "?alt=sse", events: true };

export function readGeminiQuery(query: string): GeminiQuery {
  if (query === "" || query === "?") return EMPTY;
  if (query === "?alt=sse") return EVENTS;
  const kept = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(query)) {
    if (CREDENTIALS.has(name)) continue;
    if (!HARMLESS.has(name)) return unknown("a parameter that is not known here");
    if (kept.has(name)) return unknown("a parameter twice");
    if (name.endsWith("alt") && !ENCODINGS.has(value))
      return unknown("an unreadable encoding (alt)");
    kept.append(name, value);
  }
  if (kept.has("alt") && kept.has("$alt")) return unknown("a parameter twice");
  const events = (kept.get("alt") ?? kept.get("$alt")) === "sse";
  return { kind: "ok", text: kept.size === 0 ? "" : `?${kept.toString()}`, events };
}

function unknown(what: string): GeminiQuery {
  return { kind: "problem", message: `its query has ${what}` };
}
