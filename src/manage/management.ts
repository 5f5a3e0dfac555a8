/**
 * The operator's listener: health and metrics here, without a credential; everything else in the
 * native API, which is loaded with its first request.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { isIP } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import type { Vitals } from "./vitals.ts";

export interface Management {
  readonly url: string;
  close(): Promise<void>;
}

export interface ManagementAddress {
  readonly host: string;
  readonly port: number;
}

const PROBLEM = "application/problem+json";

/** Rejects with the system's error when the address cannot be had. */
export async function startManagement(
  address: ManagementAddress,
  vitals: Vitals,
  native: () => Promise<RequestListener>,
): Promise<Management> {
  const loopback = isLoopback(address.host);
  const server = fastify({
    logger: false,
    serverFactory: (health) =>
      createServer((request, response) => {
        const strange = loopback ? strangeCaller(request) : undefined;
        if (strange !== undefined) refuse(response, strange);
        else if (isNative(request.url ?? "")) serveNative(native, request, response, vitals);
        else health(request, response);
      }),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    routerOptions: { ignoreTrailingSlash: true },
  });
  server.setNotFoundHandler(async (_request, reply) => {
    return reply.code(404).type(PROBLEM).send({ title: "Not Found", status: 404 });
  });
  server.setErrorHandler(async (error, _request, reply) => {
    vitals.failed(error);
    return reply.code(500).type(PROBLEM).send({ title: "Internal Server Error", status: 500 });
  });
  addRoutes(server, vitals);
  // Fastify writes into what it is given.
  const url = await server.listen({ host: address.host, port: address.port });
  return { url, close: () => server.close() };
}

function addRoutes(server: FastifyInstance, vitals: Vitals): void {
  server.get("/livez", async (_request, reply) => reply.type("text/plain").send("ok\n"));

  server.get("/readyz", async (request, reply) => {
    const checks = await vitals.checks();
    const failing = checks.filter(({ ok }) => !ok);
    const verbose = new URL(request.url, "http://localhost").searchParams.has("verbose");
    const shown = verbose ? checks : failing;
    const lines = shown.map(({ name, ok, detail }) => `[${ok ? "+" : "-"}] ${name}: ${detail}\n`);
    const text = lines.join("") + (failing.length === 0 ? "ready\n" : "not ready\n");
    return reply
      .code(failing.length === 0 ? 200 : 503)
      .type("text/plain")
      .send(text);
  });

  /** The same as `/readyz` for machines that want to know why. */
  server.get("/healthz", async (_request, reply) => {
    const checks = await vitals.checks();
    const ok = checks.every((check) => check.ok);
    return reply.code(ok ? 200 : 503).send({ status: ok ? "pass" : "fail", checks });
  });

  server.get("/metrics", async (_request, reply) => {
    const { contentType, text } = await vitals.metrics();
    return reply.type(contentType).send(text);
  });
}

const NATIVE_ROOTS: ReadonlySet<string> = new Set(["core", "docs", "openapi.json"]);

function isNative(url: string): boolean {
  return NATIVE_ROOTS.has(url.slice(1).split(/[/?]/u, 1)[0] ?? "");
}

function serveNative(
  native: () => Promise<RequestListener>,
  request: IncomingMessage,
  response: ServerResponse,
  vitals: Vitals,
): void {
  native().then(
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
  detail: "This listener answers to addresses and localhost only.",
};
const FOREIGN: Strange = {
  status: 403,
  title: "Forbidden",
  detail: "Pages of other origins are not answered.",
};

/**
 * A web page must not reach this listener through a name that it points at 127.0.0.1, nor from its
 * own origin.
 */
function strangeCaller({ headers: { host = "", origin } }: IncomingMessage): Strange | undefined {
  const name = host.replace(/:\d+$/u, "").replace(/^\[|\]$/gu, "");
  if (isIP(name) === 0 && name !== "localhost") return MISDIRECTED;
  if (origin !== undefined && origin !== `http://${host}`) return FOREIGN;
  return undefined;
}

function refuse(response: ServerResponse, { status, title, detail }: Strange): void {
  const body = JSON.stringify({ title, status, detail });
  response.writeHead(status, { "content-type": PROBLEM, connection: "close" }).end(body);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
