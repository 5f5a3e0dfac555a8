/** The only importer of Fastify: the operator's listener. Read-only; no credential, so loopback. */
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
): Promise<Management> {
  const server = fastify({
    logger: false,
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
  if (isLoopback(address.host)) refuseForeignNames(server);
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

  server.get("/core/v1/status", async () => vitals.status());
}

/** A web page must not read this listener through a name that it points at 127.0.0.1. */
function refuseForeignNames(server: FastifyInstance): void {
  server.addHook("onRequest", async (request, reply) => {
    const name = request.hostname.replace(/^\[|\]$/g, "");
    if (isIP(name) !== 0 || name === "localhost") return;
    await reply.code(421).type(PROBLEM).send({
      title: "Misdirected Request",
      status: 421,
      detail: "This listener answers to addresses and localhost only.",
    });
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
