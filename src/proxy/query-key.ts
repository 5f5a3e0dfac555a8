/**
 * Google's SDKs may put the API key into the query. A Sallyport key that stands there identifies
 * the agent and goes no further: not upstream, not to a log, not on the record.
 */
import { isOurs } from "./request-headers.ts";

export interface QueryKey {
  /** Without the key; otherwise as it came. With its `?`, or empty. */
  readonly query: string;
  readonly key: string | undefined;
  /** Why the two places cannot both be believed. */
  readonly problem: string | undefined;
}

const PARAMETERS = new Set(["key", "$key"]);

/** `shown`: the key that a header carried. */
export function takeQueryKey(query: string, shown: string | undefined): QueryKey {
  if (query === "") return { query, key: shown, problem: undefined };
  const kept: string[] = [];
  let key = shown;
  let problem: string | undefined;
  const parameters = query.slice(1).split("&");
  for (const parameter of parameters) {
    const found = keyIn(parameter);
    if (found === undefined) {
      kept.push(parameter);
      continue;
    }
    if (key !== undefined && key !== found) problem = "The request carries two Sallyport keys.";
    key ??= found;
  }
  if (kept.length === parameters.length) return { query, key, problem };
  return { query: kept.length === 0 ? "" : `?${kept.join("&")}`, key, problem };
}

function keyIn(parameter: string): string | undefined {
  const equals = parameter.indexOf("=");
  if (equals === -1 || !PARAMETERS.has(decode(parameter.slice(0, equals)))) return undefined;
  const value = decode(parameter.slice(equals + 1));
  return isOurs(value) ? value : undefined;
}

function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
