/** What every route of `/core/v1` is written against. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type {} from "@fastify/swagger";
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider } from "fastify";
import type { Static, TSchema } from "typebox";
import type { Caller, Needs } from "../../core/identity/caller.ts";

/** Schemas are TypeBox: what they validate is what handlers are given. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  readonly validator: this["schema"] extends TSchema ? Static<this["schema"]> : unknown;
  readonly serializer: unknown;
}

export type Api = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxProvider
>;

/** How a route is protected. `public` routes have no caller. */
export type Access = Needs | "public";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Required: a route without it does not start. */
    access?: Access;
    /** A POST that creates or moves money: honours `Idempotency-Key`. */
    idempotent?: boolean;
    /** The answer changes with time or caller and is no JSON document (streams, exports). */
    raw?: boolean;
  }
  interface FastifyRequest {
    /** Set before every handler; on public routes it is nobody. */
    caller: Caller;
  }
}
