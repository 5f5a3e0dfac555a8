/**
 * The operator's listener: health and metrics here, without a credential; everything else in the
 * native API, which is loaded with its first request. Four paths need no framework, and a sidecar
 * that nobody administers never loads one.
 */
import { once } from "node:events";
import type {
  IncomingMessage,
  OutgoingHttpHeaders,
  RequestListener,
  Server,
  ServerOptions,
  ServerResponse,
} from "node:http";
import { isIP } from "node:net";
import { isThisMachine } from "../lib/is-this-machine.ts";
import { listeningUrl } from "../lib/listening-url.ts";
import type { Vitals } from "./vitals.ts";

export interface Management {
  readonly url: string;
  close(): Promise<void>;
}

export interface ManagementAddress {
  readonly host: string;
  readonly port: number;
}

/** How the server is made: in clear text or with a certificate. */
export interface ManagementListener {
  readonly scheme: "http" | "https";
  create(options: ServerOptions): Server;
}

const PROBLEM = "application/problem+json";
const PLAIN = "text/plain; charset=utf-8";

/** What one client may cost: probes and scrapes must get through beside it. */
const PATIENCE = {
  maxHeaderSize: 32_768,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 2_000,
} as const satisfies ServerOptions;
const CONNECTIONS_MAX = 1024;

/** Another API on the same listener. */
export interface MountedApi {
  /** All of it is answered under `/<name>/…` as well, with that prefix taken off. */
  readonly name: string;
  /** Whether a path, without its query, is one of its own. */
  owns(path: string): boolean;
  serve(): Promise<RequestListener>;
}

export interface ManagementParts {
  readonly listener: ManagementListener;
  readonly vitals: Vitals;
  readonly native: () => Promise<RequestListener>;
  readonly mounted: readonly MountedApi[];
  /** How people's browsers know this listener; without a slash at its end. */
  readonly publicUrl: string;
}

/** Rejects with the system's error when the address cannot be had. */
export async function startManagement(
  address: ManagementAddress,
  { listener, vitals, native, mounted, publicUrl }: ManagementParts,
): Promise<Management> {
  const loopback = isThisMachine(address.host);
  const known = { scheme: listener.scheme, publicUrl: URL.parse(publicUrl) };
  const server = listener.create(PATIENCE);
  server.maxConnections = CONNECTIONS_MAX;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { url = "" } = request;
    const strange = loopback ? strangeCaller(request, known) : undefined;
    const asked = `${request.method} ${url}`;
    const place = isNative(url) ? native : placeOf(request, mounted);
    const serve = place && ((): void => serveAt(place, request, response, vitals));
    if (strange !== undefined) refuse(response, strange);
    // Another API may have its own words for health, but not for a gate that is not well.
    else if (serve === undefined || asked === "GET /healthz") {
      void answerHealth(request, response, vitals, serve);
    } else serve();
  });
  server.listen({ host: address.host, port: address.port });
  await once(server, "listening");
  const url = listeningUrl(server, address, listener.scheme);
  return { url, close: () => closed(server) };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly fields?: OutgoingHttpHeaders;
}

const OK = 200;
const NOT_FOUND = problem(404, "Not Found");
const NOT_ALLOWED: Answer = {
  ...problem(405, "Method Not Allowed"),
  fields: { allow: "GET, HEAD" },
};

async function answerHealth(
  { method, url = "" }: IncomingMessage,
  response: ServerResponse,
  vitals: Vitals,
  whereWell: (() => void) | undefined,
): Promise<void> {
  const [path = "", query] = url.split("?", 2);
  const known = HEALTH.get(withoutSlash(path));
  const isRead = method === "GET" || method === "HEAD";
  const ask = isRead ? known : undefined;
  const verbose = new URLSearchParams(query).has("verbose");
  let answer = known === undefined || isRead ? NOT_FOUND : NOT_ALLOWED;
  try {
    if (ask !== undefined) answer = await ask(vitals, verbose);
  } catch (error) {
    vitals.failed(error);
    answer = problem(500, "Internal Server Error");
  }
  if (answer.status === OK && whereWell !== undefined) return whereWell();
  const body = Buffer.from(answer.text);
  const { fields, status, type } = answer;
  response
    .writeHead(status, { ...fields, "content-type": type, "content-length": body.length })
    .end(body);
}

type Look = (vitals: Vitals, verbose: boolean) => Promise<Answer>;

const HEALTH: ReadonlyMap<string, Look> = new Map<string, Look>([
  ["/livez", async () => ({ status: 200, type: PLAIN, text: "ok\n" })],
  ["/readyz", readiness],
  ["/healthz", health],
  ["/metrics", metrics],
]);

async function readiness(vitals: Vitals, verbose: boolean): Promise<Answer> {
  const checks = await vitals.checks();
  const failing = checks.filter(({ ok }) => !ok);
  const shown = verbose ? checks : failing;
  const lines = shown.map(({ name, ok, detail }) => `[${ok ? "+" : "-"}] ${name}: ${detail}\n`);
  const ready = failing.length === 0;
  const text = lines.join("") + (ready ? "ready\n" : "not ready\n");
  return { status: ready ? 200 : 503, type: PLAIN, text };
}

/** The same as `/readyz` for machines that want to know why. */
async function health(vitals: Vitals): Promise<Answer> {
  const checks = await vitals.checks();
  const ok = checks.every((check) => check.ok);
  const text = JSON.stringify({ status: ok ? "pass" : "fail", checks });
  return { status: ok ? 200 : 503, type: "application/json; charset=utf-8", text };
}

async function metrics(vitals: Vitals): Promise<Answer> {
  const { contentType, text } = await vitals.metrics();
  return { status: 200, type: contentType, text };
}

function problem(status: number, title: string): Answer {
  return { status, type: PROBLEM, text: JSON.stringify({ title, status }) };
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** What is being answered is answered; connections without a request are not waited for. */
async function closed(server: Server): Promise<void> {
  const ended = once(server, "close");
  server.close();
  server.closeIdleConnections();
  await ended;
}

const NATIVE_ROOTS: ReadonlySet<string> = new Set([".well-known", "core", "docs", "openapi.json"]);

function isNative(url: string): boolean {
  return NATIVE_ROOTS.has(url.slice(1).split(/[/?]/u, 1)[0] ?? "");
}

/** By its prefix, which is then taken off, or by a path of its own. */
function placeOf(
  request: IncomingMessage,
  mounted: readonly MountedApi[],
): (() => Promise<RequestListener>) | undefined {
  const { url = "" } = request;
  const path = url.split("?", 1)[0] ?? "";
  const prefixed = mounted.find(({ name }) => path.startsWith(`/${name}/`));
  if (prefixed !== undefined) request.url = url.slice(prefixed.name.length + 1);
  const api = prefixed ?? mounted.find((one) => one.owns(path));
  return api && (() => api.serve());
}

function serveAt(
  place: () => Promise<RequestListener>,
  request: IncomingMessage,
  response: ServerResponse,
  vitals: Vitals,
): void {
  place().then(
    (serve) => serve(request, response),
    (error: unknown) => {
      vitals.failed(error);
      refuse(response, { status: 503, title: "Service Unavailable", detail: "Try again later." });
    },
  );
}

interface Strange {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const MISDIRECTED: Strange = {
  status: 421,
  title: "Misdirected Request",
  detail: "This listener answers to addresses, localhost and the host of `login.public_url`.",
};
const FOREIGN: Strange = {
  status: 403,
  title: "Forbidden",
  detail: "Pages of other origins are not answered.",
};

interface KnownNames {
  readonly scheme: ManagementListener["scheme"];
  /** Null where the listener's own address is none that a URL can have. */
  readonly publicUrl: URL | null;
}

/**
 * A web page must not reach this listener through a name that it points at 127.0.0.1, nor from its
 * own origin. Pages of ours may have come by a proxy, under its name.
 */
function strangeCaller(
  { headers: { host = "", origin } }: IncomingMessage,
  { scheme, publicUrl }: KnownNames,
): Strange | undefined {
  const name = host.replace(/:\d+$/u, "").replace(/^\[|\]$/gu, "");
  const isKnown = isIP(name) !== 0 || name === "localhost" || host === publicUrl?.host;
  if (!isKnown) return MISDIRECTED;
  const isOurs = origin === `${scheme}://${host}` || origin === publicUrl?.origin;
  return origin === undefined || isOurs ? undefined : FOREIGN;
}

function refuse(response: ServerResponse, { status, title, detail }: Strange): void {
  const body = JSON.stringify({ title, status, detail });
  response.writeHead(status, { "content-type": PROBLEM, connection: "close" }).end(body);
}
