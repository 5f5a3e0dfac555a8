/** Credentials, tier limits and errors as Haldir's clients know them. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { FAULTS, type Answer, type Fault, type FaultCode } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { QuotaStanding } from "../../core/identity/quota.ts";
import { isMetered, quotaOf, takeQuota } from "../../operations/identity/take-quota.ts";
import { callerIfAny, type Wording } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { METER, tierOf } from "./tiers.ts";

/** Where the document knows no status of ours. */
const STATUS: Readonly<Partial<Record<FaultCode, number>>> = {
  gone: 404,
  locked: 403,
  changed_meanwhile: 409,
};

export function wordingOf(core: DialectCore): Wording {
  return {
    fail,
    credentialOf,
    admit: (caller, _request, reply) => admit(caller, reply, core),
  };
}

/** `{error}`, with what a program needs beside it. */
export function fail(reply: FastifyReply, fault: Fault, request: FastifyRequest): FastifyReply {
  const { code, detail, retryAfter } = fault;
  if (retryAfter !== undefined) void reply.header("retry-after", String(retryAfter));
  if (code === "unauthenticated") void reply.header("www-authenticate", "Bearer");
  return reply.code(STATUS[code] ?? FAULTS[code].status).send({
    error: detail,
    code,
    request_id: request.id,
    ...(code === "too_many" && limitFields(callerIfAny(request), retryAfter)),
  });
}

function limitFields(caller: Caller | undefined, retryAfter = 1) {
  const limit = (caller && quotaOf(caller, METER).hour) ?? 0;
  return { limit, tier: tierOf(caller?.plan), retry_after: retryAfter };
}

/** `Authorization: Bearer hld_…` or `X-API-Key: hld_…`. */
export function credentialOf({ headers }: FastifyRequest): string | undefined {
  const [, bearer] = /^bearer +(\S+)$/iu.exec(headers.authorization ?? "") ?? [];
  const key = headers["x-api-key"];
  return bearer ?? (typeof key === "string" && key !== "" ? key : undefined);
}

/** Each request with a key counts, whatever becomes of it. */
async function admit(
  caller: Caller,
  reply: FastifyReply,
  { identity }: DialectCore,
): Promise<Fault | undefined> {
  if (!isMetered(caller)) return undefined;
  const { quotas, ports } = identity;
  const taken = await takeQuota(caller, METER, { quotas, now: ports.now });
  if (taken.kind === "fault") return taken.fault;
  for (const standing of taken.value) if (standing.window === "hour") tell(standing, reply);
  return undefined;
}

function tell({ limit, remaining, resetsAt }: QuotaStanding, reply: FastifyReply): void {
  if (limit === undefined) return;
  void reply.headers({
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining ?? 0),
    "x-ratelimit-reset": String(Math.ceil(resetsAt / 1000)),
  });
}

/** What an operation answered, as `show` writes it, or the fault. */
export function answer<T>(
  reply: FastifyReply,
  status: number,
  answered: Answer<T>,
  show: (value: T) => unknown,
): FastifyReply {
  if (answered.kind === "fault") return fail(reply, answered.fault, reply.request);
  return reply.code(status).send(show(answered.value));
}
