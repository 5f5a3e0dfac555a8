import type { FastifyRequest } from "fastify";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { impossible } from "../../lib/impossible.ts";
import { answerOnce, type Turn } from "../../operations/answer-once.ts";
import type { Api } from "./api.ts";
import { credentialOf } from "./authentication.ts";
import { sendFault } from "./problem.ts";

/** On the routes that create or move money. */
export function honourIdempotencyKeys(api: Api, ports: IdentityPorts): void {
  const begun = new WeakMap<FastifyRequest, Extract<Turn, { kind: "first" }>>();

  api.addHook("preHandler", async (request, reply) => {
    const key = request.headers["idempotency-key"];
    const { config, url: route = "" } = request.routeOptions;
    if (config.idempotent !== true || typeof key !== "string") return undefined;
    const { caller, url, body } = request;
    const credential = credentialOf(request);
    const turn = await answerOnce({ key, caller, credential, route, url, body }, ports);
    switch (turn.kind) {
      case "first":
        begun.set(request, turn);
        return undefined;
      case "again": {
        const type = turn.status < 400 ? "application/json" : "application/problem+json";
        void reply.code(turn.status).header("idempotency-replayed", "true").type(type);
        return reply.send(turn.body);
      }
      case "fault":
        return sendFault(reply, turn.fault);
      default:
        return impossible(turn);
    }
  });

  api.addHook("onSend", async (request, reply, payload) => {
    const text = typeof payload === "string" ? payload : "";
    await begun.get(request)?.finish(reply.statusCode, text);
    return payload;
  });
}
