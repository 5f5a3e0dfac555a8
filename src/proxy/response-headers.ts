/**
 * The upstream's head, made fit for the agent: without hop-by-hop fields, without what would lead
 * the client round the gate or make it retry blindly, without an echo of the injected credential.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { HeadFields } from "../core/head-fields.ts";
import { FORWARD_PROXY } from "../core/forward-proxy.ts";
import { redactHeaderValue } from "../core/secret/redact.ts";
import { FOLLOWED, keptInside, type Standing } from "./kept-inside.ts";

const DROPPED = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authentication-info",
  "te",
  "transfer-encoding",
  "upgrade",
  "alt-svc",
  "x-should-retry",
]);

/**
 * What an upstream grants to whoever showed the credential, which was ours: an agent could use it
 * beside the gate, and never through it, where cookies and the like are taken out of its requests.
 */
const GRANTED = new Set(["set-cookie", "set-cookie2", "authorization", "x-auth-token"]);

/** Fields that describe exactly the bytes we may rewrite. */
const DESCRIBES_BYTES = new Set([
  "content-length",
  "content-md5",
  "digest",
  "content-digest",
  "repr-digest",
]);

export interface ResponseHeadOptions {
  readonly echoes: readonly string[];
  /** The body may leave changed: fields that describe its bytes go, and its encoding was removed. */
  readonly rewritten: boolean;
  readonly decoded: boolean;
  /** Of the body, where it is known. */
  readonly length?: number | undefined;
  /** Whose answer it is, where its references are to lead through the gate. */
  readonly upstream?: Standing | undefined;
}

/** Flat `name, value, …` for `writeHead`. */
export function responseHeaders(from: IncomingHttpHeaders, options: ResponseHeadOptions): string[] {
  const { echoes, rewritten, decoded, length, upstream } = options;
  const flat: string[] = [];
  const named = from.connection === undefined ? undefined : namesIn(from.connection);
  for (const name in from) {
    const value = from[name];
    if (value === undefined || DROPPED.has(name) || name.startsWith("x-sallyport-")) continue;
    if (named?.has(name) === true) continue;
    if (GRANTED.has(name) && upstream?.name !== FORWARD_PROXY) continue;
    if (rewritten && DESCRIBES_BYTES.has(name)) continue;
    if (isNamedAfter(name, echoes)) continue;
    if (decoded && (name === "content-encoding" || name === "content-length")) continue;
    const standing = FOLLOWED.has(name) ? upstream : undefined;
    if (standing !== undefined) {
      for (const one of [value].flat())
        flat.push(name, clean(keptInside(name, one, standing), echoes));
    } else if (typeof value === "string") flat.push(name, clean(value, echoes));
    else for (const one of value) flat.push(name, clean(one, echoes));
  }
  const isTold = !rewritten && !decoded && from["content-length"] !== undefined;
  if (length !== undefined && !isTold) flat.push("content-length", String(length));
  return flat;
}

function clean(value: string, echoes: readonly string[]): string {
  return echoes.length === 0 ? value : redactHeaderValue(value, echoes);
}

/** A field's name is the upstream's to choose, too; it comes in lower case. */
function isNamedAfter(name: string, echoes: readonly string[]): boolean {
  for (const echo of echoes) {
    if (name.length >= echo.length && name.includes(echo.toLowerCase())) return true;
  }
  return false;
}

/** Undefined where there are none. */
export function responseTrailers(
  from: IncomingHttpHeaders,
  echoes: readonly string[],
): string[] | undefined {
  for (const _ in from) return responseHeaders(from, { echoes, rewritten: true, decoded: false });
  return undefined;
}

/** As inspectors read them: a few of many, so nothing is copied. */
export function headFields(headers: IncomingHttpHeaders): HeadFields {
  return {
    get(name) {
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
      return joined(value);
    },
    *all() {
      for (const name in headers) {
        const value = joined(headers[name]);
        if (value === undefined || DROPPED.has(name) || GRANTED.has(name)) continue;
        yield [name, value];
      }
    },
    put(name, value) {
      headers[name] = value;
    },
  };
}

function joined(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "object" ? value.join(", ") : value;
}

function namesIn(connection: string): ReadonlySet<string> | undefined {
  // Lists come as an array where the field came twice, whatever the type says.
  const names = String(connection)
    .split(",")
    .map((name) => name.trim().toLowerCase());
  const extra = names.filter((name) => name !== "close" && name !== "keep-alive");
  return extra.length === 0 ? undefined : new Set(extra);
}
