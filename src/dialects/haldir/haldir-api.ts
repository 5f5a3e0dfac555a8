import type { FastifyReply, FastifyRequest } from "fastify";
import { FAULTS, type Fault } from "../../core/fault.ts";
import type { OpenDialect } from "../dialect.ts";
import { createDialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { serviceRoutes } from "./service-routes.ts";

export async function openHaldir(core: DialectCore): Promise<OpenDialect> {
  const api = createDialectApi(core, { fail, credentialOf });
  serviceRoutes(api, core);
  await api.ready();
  return {
    serve: (request, response) => api.routing(request, response),
    close: () => api.close(),
  };
}

/** `{error}`, with what a program needs beside it. */
function fail(reply: FastifyReply, { code, detail }: Fault, { id }: FastifyRequest): FastifyReply {
  return reply.code(FAULTS[code].status).send({ error: detail, code, request_id: id });
}

/** `Authorization: Bearer hld_…` or `X-API-Key: hld_…`. */
function credentialOf({ headers }: FastifyRequest): string | undefined {
  const [, bearer] = /^bearer +(\S+)$/iu.exec(headers.authorization ?? "") ?? [];
  const key = headers["x-api-key"];
  return bearer ?? (typeof key === "string" && key !== "" ? key : undefined);
}
