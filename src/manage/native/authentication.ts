import type { FastifyReply, FastifyRequest } from "fastify";
import { mayCall, type Caller } from "../../core/identity/caller.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import type { Api } from "./api.ts";
import type { Services } from "./services.ts";
import { sendFault } from "./problem.ts";

const NOBODY: Caller = {
  kind: "anonymous",
  id: "anonymous",
  name: "anonymous",
  tenant: DEFAULT_TENANT,
  role: "agent",
  scopes: [],
  agent: undefined,
};

/** `api.auth: open` on loopback: whoever reaches the listener may do everything. */
const EVERYBODY: Caller = { ...NOBODY, role: "admin" };

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

function ask(reply: FastifyReply): FastifyReply {
  return sendFault(reply, {
    code: "unauthenticated",
    detail: "Send a key or a session: `Authorization: Bearer …` or `x-api-key`.",
  });
}

/** In any of the headers that the contract's clients use. */
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
