import { Type } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { NOBODYS, type SecretTerms } from "../../core/secret/secret-terms.ts";
import { DELIVERED_CHARS_MAX } from "../../core/secret/secret-value.ts";
import { id, type SecretName } from "../../core/units.ts";
import { deliverSecret, type DeliveryRight } from "../../operations/secrets/deliver-secret.ts";
import {
  findSecret,
  listSecrets,
  removeSecret,
  storeSecret,
} from "../../operations/secrets/manage-secrets.ts";
import type { SecretView } from "../../operations/secrets/secret-ports.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { liveSession, SessionId } from "./fields.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { scopeNamed } from "./session-scopes.ts";
import { answer, fail } from "./wording.ts";

const NameText = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$" });
const NewSecretJson = Type.Object({
  name: NameText,
  value: Type.String({ minLength: 1, maxLength: DELIVERED_CHARS_MAX }),
  scope_required: Type.Optional(Type.String({ maxLength: 128 })),
});
const Params = Type.Object({ name: NameText });
const Query = Type.Object({ session_id: Type.Optional(SessionId) });

const READ = { role: "viewer", scope: "secrets:read" } as const;
const WRITE = { role: "admin", scope: "secrets:write" } as const;
const DELIVER = { role: "agent", scope: "secret_values:read" } as const;
/** Names in one answer. */
const NAMES_MAX = 10_000;

export function secretRoutes(api: DialectApi, { core }: HaldirParts): void {
  addStoring(api, core);
  addDelivery(api, core);
  api.get("/v1/secrets", { config: { needs: READ } }, async (request, reply) => {
    const page = { after: undefined, limit: NAMES_MAX };
    const listed = await listSecrets(callerOf(request), page, core.secrets);
    return answer(reply, 200, listed, (views) => {
      const secrets = views.filter(isOfUse).map(({ entry }) => entry.name);
      return { secrets, count: secrets.length };
    });
  });
  api.delete(
    "/v1/secrets/:name",
    { schema: { params: Params }, config: { needs: WRITE } },
    async (request, reply) => {
      const name = id<SecretName>(request.params.name);
      const found = await visibleSecret(callerOf(request), name, core);
      if (found.kind === "fault") return fail(reply, found.fault, request);
      const target = { name, expect: "any" } as const;
      const removed = await removeSecret(callerOf(request), target, core.secrets);
      return answer(reply, 200, removed, () => ({ deleted: true, name }));
    },
  );
}

/** What is neither given out nor lent is the house's own: keys that webhooks are signed with. */
export function isOfUse({ entry: { terms } }: SecretView): boolean {
  return terms.deliver || terms.binding !== undefined;
}

async function visibleSecret(
  caller: Caller,
  name: SecretName,
  { secrets }: DialectCore,
): Promise<Answer<SecretView>> {
  const found = await findSecret(caller, name, secrets);
  return found.kind === "done" && !isOfUse(found.value) ? NO_SECRET : found;
}

const NO_SECRET = fault("not_found", "There is no such secret.");

function addStoring(api: DialectApi, core: DialectCore): void {
  api.post(
    "/v1/secrets",
    { schema: { body: NewSecretJson }, config: { needs: WRITE } },
    async (request, reply) => {
      const { name: text, value, scope_required: scope = "read" } = request.body;
      const caller = callerOf(request);
      const scopeRequired = scopeNamed(scope);
      if (scopeRequired === undefined) {
        const detail = `scope_required: ${JSON.stringify(scope)} is no scope`;
        return fail(reply, { code: "invalid", detail, pointer: "/scope_required" }, request);
      }
      const name = id<SecretName>(text);
      const before = await termsBefore(caller, name, core);
      if (before.kind === "fault") return fail(reply, before.fault, request);
      const terms = { ...before.value, deliver: true, scopeRequired };
      const wish = { name, value, terms, mustBe: "any" } as const;
      const stored = await storeSecret(caller, wish, "any", core.secrets);
      return answer(reply, 201, stored, () => ({ stored: true, name }));
    },
  );
}

/** A new value goes where the old one went. */
async function termsBefore(
  caller: Caller,
  name: SecretName,
  core: DialectCore,
): Promise<Answer<SecretTerms>> {
  const found = await findSecret(caller, name, core.secrets);
  if (found.kind === "fault") return found.fault.code === "not_found" ? done(NOBODYS) : found;
  if (isOfUse(found.value)) return done(found.value.entry.terms);
  return fault("forbidden", "This name is taken by a secret that nobody is given.");
}

function addDelivery(api: DialectApi, core: DialectCore): void {
  api.get(
    "/v1/secrets/:name",
    { schema: { params: Params, querystring: Query }, config: { needs: DELIVER } },
    async (request, reply) => {
      void reply.header("cache-control", "no-store");
      const header = request.headers["x-session-id"];
      const session = typeof header === "string" ? header : request.query.session_id;
      const right = await rightOf(callerOf(request), session, core);
      if (right.kind === "fault") return fail(reply, right.fault, request);
      const name = id<SecretName>(request.params.name);
      const visible = await visibleSecret(callerOf(request), name, core);
      if (visible.kind === "fault") return fail(reply, visible.fault, request);
      const given = await deliverSecret(callerOf(request), name, right.value, core.secrets);
      return answer(reply, 200, given, ({ value }) => ({ name, value }));
    },
  );
}

async function rightOf(
  caller: Caller,
  session: string | undefined,
  core: DialectCore,
): Promise<Answer<DeliveryRight>> {
  if (session === undefined) return done({ kind: "owner" });
  const live = await liveSession(caller, session, core);
  return live.kind === "fault" ? live : done({ kind: "session", session });
}
