/** Who may ask what, and how a no is said. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { FAULTS, type Fault } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { impossible } from "../../lib/impossible.ts";
import { callerIfAny, type Wording } from "../dialect-api.ts";

/** Which of the documented credentials a route takes. */
export type Asker =
  /** `x-api-key: pxy_…` */
  | "agent"
  /** `x-mgmt-key: sk_…` */
  | "owner"
  /** Either of the two, of the wallet in question. */
  | "member"
  /** `Authorization: Bearer <execution JWT>` */
  | "execution";

declare module "fastify" {
  interface FastifyContextConfig {
    asker?: Asker;
  }
}

export const WORDING: Wording = { fail, credentialOf };

/** `{error, reason}`, with what a program needs beside it. */
function fail(reply: FastifyReply, fault: Fault, request: FastifyRequest) {
  const { code, detail, retryAfter, problems = [] } = fault;
  const { status, title } = FAULTS[code];
  if (retryAfter !== undefined) void reply.header("retry-after", String(retryAfter));
  const error = titleOf(code, title, request.routeOptions.config.asker);
  const reason = [detail, ...problems.map(({ message }) => message)].join(" ");
  return reply.code(status).send({ error, reason, code, request_id: request.id });
}

function titleOf(code: Fault["code"], title: string, asker: Asker = "owner"): string {
  if (code === "invalid") return "Invalid request";
  return code === "unauthenticated" ? WRONG[asker] : title;
}

const WRONG = {
  agent: "Invalid API key",
  owner: "Missing or invalid management key",
  member: "Invalid API key or management key",
  execution: "Invalid or expired JWT",
} as const satisfies Record<Asker, string>;

export function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^bearer +(\S+)$/iu.exec(headers.authorization ?? "")?.[1];
}

function credentialOf(request: FastifyRequest): string | undefined {
  const { headers, routeOptions } = request;
  const bearer = bearerOf(request);
  const agent = text(headers["x-api-key"]);
  const owner = text(headers["x-mgmt-key"]);
  const { asker = "owner" } = routeOptions.config;
  switch (asker) {
    case "agent":
      return agent ?? bearer;
    case "owner":
      return owner ?? bearer ?? agent;
    case "member":
      return agent ?? owner ?? bearer;
    case "execution":
      return bearer;
    default:
      return impossible(asker);
  }
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && header !== "" ? header : undefined;
}

/** A credential of another kind is a wrong one: nothing is said of what it would open. */
export async function refuseMisfits(request: FastifyRequest, reply: FastifyReply) {
  const caller = callerIfAny(request);
  const { asker = "owner" } = request.routeOptions.config;
  if (caller === undefined || fits(caller, asker)) return undefined;
  const detail = "This credential is not for this call.";
  return fail(reply, { code: "unauthenticated", detail }, request);
}

function fits({ kind, agent, role }: Caller, asker: Asker): boolean {
  switch (asker) {
    case "agent":
      return agent !== undefined;
    case "owner":
      return role === "admin";
    case "member":
      return kind !== "token" && (agent !== undefined || role === "admin");
    case "execution":
      return kind === "token";
    default:
      return impossible(asker);
  }
}
