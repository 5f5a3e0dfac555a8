/**
 * Where a secret may go: stored and sealed together with it, so that no change of configuration can
 * send it elsewhere.
 */
import { PATTERN_CHARS_MAX } from "./path-pattern.ts";

export interface Binding {
  /** `https://api.openai.com`: scheme, host and port, normalised; or `stdio://<upstream>`. */
  readonly origin: string;
  /** Globs over the path at that origin; empty means all. */
  readonly paths: readonly string[];
  /** Upper case; empty means all. */
  readonly methods: readonly string[];
  /** Lower case. */
  readonly header: string;
  /** `{}` stands for the value. */
  readonly format: string;
}

export const PLACEHOLDER = "{}";

const ENTRIES_MAX = 64;
const FORMAT_CHARS_MAX = 256;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/u;

/** Headers that frame or route the message: a value in them would change the request's meaning. */
const FRAMING = new Set([
  "connection",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export type BindingReading =
  | { readonly kind: "ok"; readonly binding: Binding }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

/** Checks and normalises; says everything that is wrong at once. */
export function readBinding(raw: Binding): BindingReading {
  const origin = normalOrigin(raw.origin);
  const header = raw.header.toLowerCase();
  const methods = raw.methods.map((method) => method.toUpperCase());
  const problems = [
    origin === undefined &&
      `origin must be a scheme, host and port only, such as https://api.openai.com: ${raw.origin}`,
    (!TOKEN.test(header) || FRAMING.has(header)) && `header cannot carry a credential: ${header}`,
    !isFormat(raw.format) && `format must contain {} once, such as "Bearer {}": ${raw.format}`,
    ...raw.paths.map((path) => !isPath(path) && `path must start with a slash: ${path}`),
    ...methods.map((method) => !TOKEN.test(method) && `not an HTTP method: ${method}`),
    raw.paths.length > ENTRIES_MAX && `more than ${ENTRIES_MAX} paths`,
    methods.length > ENTRIES_MAX && `more than ${ENTRIES_MAX} methods`,
  ].filter((problem) => typeof problem === "string");
  if (origin === undefined || problems.length > 0) return { kind: "problems", problems };
  return { kind: "ok", binding: { origin, paths: raw.paths, methods, header, format: raw.format } };
}

/** The header's value. */
export function written(format: string, value: string): string {
  // A function, because a replacement string would give `$&` in the secret a meaning.
  return format.replace(PLACEHOLDER, () => value);
}

/** A process of ours is an origin as well: the upstream's name stands for the host. */
const PROCESS = /^stdio:\/\/[a-z0-9][a-z0-9_-]{0,62}$/u;

function normalOrigin(text: string): string | undefined {
  if (PROCESS.test(text)) return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:"))
    return undefined;
  if (url.hostname.includes("*")) return undefined;
  const bare = url.pathname === "/" && url.search === "" && url.hash === "";
  return bare && url.username === "" && url.password === "" ? url.origin : undefined;
}

function isFormat(format: string): boolean {
  const once = format.split(PLACEHOLDER).length === 2;
  return (
    once &&
    format.length <= FORMAT_CHARS_MAX &&
    /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/u.test(format)
  );
}

function isPath(path: string): boolean {
  return path.length <= PATTERN_CHARS_MAX && /^\/[^?#\s]*$/u.test(path);
}
