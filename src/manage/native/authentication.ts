import type { FastifyReply, FastifyRequest } from "fastify";
import { EVERYBODY, mayCall, NOBODY, type Caller } from "../../core/identity/caller.ts";
import { done, type Answer } from "../../core/fault.ts";
import { NATIVE_PLANS, type QuotaStanding } from "../../core/identity/quota.ts";
import type { Instant } from "../../core/units.ts";
import { isMetered, takeQuota, type Meter } from "../../operations/identity/take-quota.ts";
import type { Api } from "./api.ts";
import type { Identity, Services } from "./services.ts";
import { sendFault } from "./problem.ts";

/** Runs before a body is read: who may not call costs no parsing. */
export function requireCallers(api: Api, { identity, open }: Services): void {
  api.decorateRequest("caller");
  api.addHook("onRequest", async (request, reply) => {
    const { access } = request.routeOptions.config;
    if (access === undefined || access === "public") {
      request.caller = NOBODY;
      return undefined;
    }
    const credential = credentialOf(request);
    if (credential === undefined && open) {
      request.caller = EVERYBODY;
      return undefined;
    }
    if (credential === undefined) return ask(reply);
    const caller = await identity.authenticate(credential);
    if (caller.kind === "fault") return sendFault(reply, caller.fault);
    const counted = await count(caller.value, identity, reply);
    if (counted.kind === "fault") return sendFault(reply, counted.fault);
    if (!mayCall(caller.value, access)) {
      const { role, scope, operator = false } = access;
      const whose = operator ? ", of the default tenant" : "";
      const detail = `This needs the role ${role} and the scope ${scope}${whose}.`;
      return sendFault(reply, { code: "forbidden", detail });
    }
    request.caller = caller.value;
    return undefined;
  });
}

/** Of this API; each dialect has its own. */
export const NATIVE_METER: Meter = { name: "api", plans: NATIVE_PLANS };

/** A key's request counts, whatever becomes of it; the caller is told how its plan stands. */
async function count(
  caller: Caller,
  { ports: { now }, quotas }: Identity,
  reply: FastifyReply,
): Promise<Answer<undefined>> {
  if (!isMetered(caller)) return done(undefined);
  const taken = await takeQuota(caller, NATIVE_METER, { quotas, now });
  if (taken.kind === "fault") return taken;
  const limited = taken.value.filter(({ limit }) => limit !== undefined);
  if (limited.length > 0) void reply.headers(quotaFields(limited, now()));
  return done(undefined);
}

/** @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers */
function quotaFields(standings: readonly QuotaStanding[], now: Instant): Record<string, string> {
  const policies = standings.map(({ window, limit = 0 }) => `"${window}";q=${limit}`);
  const states = standings.map(({ window, remaining = 0, resetsAt }) => {
    return `"${window}";r=${remaining};t=${Math.max(Math.ceil((resetsAt - now) / 1000), 0)}`;
  });
  return { "ratelimit-policy": policies.join(", "), ratelimit: states.join(", ") };
}

function ask(reply: FastifyReply): FastifyReply {
  return sendFault(reply, {
    code: "unauthenticated",
    detail: "Send a key or a session: `Authorization: Bearer …` or `x-api-key`.",
  });
}

/** In any of the headers that clients of the native API and of dialects use. */
export function credentialOf({ headers }: FastifyRequest): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const space = authorization.indexOf(" ");
    if (authorization.slice(0, space).toLowerCase() === "bearer") {
      return authorization.slice(space + 1).trim();
    }
  }
  for (const name of ["x-api-key", "x-mgmt-key", "x-sallyport-key"]) {
    const value = headers[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}
