/** What every route must have, checked when it is registered: a forgotten lock does not start. */
import type { RouteOptions } from "fastify";
import { Type } from "typebox";
import type { Access } from "./api.ts";
import { IF_MATCH } from "./etag.ts";

const ERRORS = [400, 401, 403, 404, 409, 410, 412, 422, 423, 428, 429, 500, 503] as const;
/** Of what has a body. */
const BODY_ERRORS = [413, 415] as const;
const PROBLEM = {
  description: "Problem",
  content: { "application/problem+json": { schema: Type.Ref("Problem") } },
};
const IDEMPOTENCY_KEY = {
  "idempotency-key": Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: "The same key and request again give the first answer again, for 24 hours.",
    }),
  ),
};
const IDEMPOTENCY_HEADER = Type.Object(IDEMPOTENCY_KEY);
/** For a route that honours both. */
export const IF_MATCH_ONCE = Type.Object({ ...IF_MATCH.properties, ...IDEMPOTENCY_KEY });

/** Throws for a route without access rule, summary, tag or success response. */
export function applyRouteRules(route: RouteOptions): void {
  const name = `${String(route.method)} ${route.url}`;
  const { schema, config } = route;
  const access = config?.access;
  if (access === undefined) throw new Error(`${name} does not say who may call it`);
  if (schema === undefined) throw new Error(`${name} has no schema`);
  if (schema.hide === true) return;
  const responses = responsesOf(schema.response);
  if (schema.summary === undefined || schema.tags === undefined || responses === undefined) {
    throw new Error(`${name} is not described`);
  }
  const errors = schema.body === undefined ? ERRORS : [...ERRORS, ...BODY_ERRORS];
  const problems = Object.fromEntries(errors.map((status) => [status, PROBLEM]));
  route.schema = {
    ...schema,
    ...(config?.idempotent === true && { headers: schema.headers ?? IDEMPOTENCY_HEADER }),
    security: access === "public" ? [] : [{ bearer: [] }, { api_key: [] }],
    description: [schema.description, needsOf(access)]
      .filter((part) => part !== undefined)
      .join(" "),
    response: { ...problems, ...responses },
  };
}

function needsOf(access: Access): string {
  if (access === "public") return "Public.";
  const operators = access.operator === true ? " For the default tenant's callers only." : "";
  return `Needs the role ${access.role} and, for keys with scopes, ${access.scope}.${operators}`;
}

function responsesOf(response: unknown): object | undefined {
  if (typeof response !== "object" || response === null) return undefined;
  return Object.keys(response).some((status) => status.startsWith("2")) ? response : undefined;
}
