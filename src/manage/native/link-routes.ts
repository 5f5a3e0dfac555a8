/** `/core/v1`: /me/links: the caller's accounts at OpenID providers. */
import { Type } from "typebox";
import { fault } from "../../core/fault.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { linksOf, unlinkAccount } from "../../operations/identity/link-account.ts";
import type { Api } from "./api.ts";
import type { Written } from "./fields.ts";
import { begin, FlowJson, flowJson, ProviderParams, withCookie } from "./oidc-routes.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const LinkJson = Type.Object({
  provider: Type.String(),
  email: Type.Optional(Type.String()),
  linked_at: TimeText,
  last_login_at: Type.Optional(TimeText),
});

const EXAMPLE = {
  provider: "google",
  email: "alice@example.com",
  linked_at: "2026-11-21T06:00:00.000Z",
};
const LinksJson = Type.Object(
  { items: Type.Array(LinkJson) },
  { examples: [{ items: [EXAMPLE] }] },
);

const READ = { role: "viewer", scope: "self:read" } as const;
const WRITE = { role: "viewer", scope: "self:write" } as const;

export function linkRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addWrites(api, services);
}

function addReads(api: Api, { identity: { ports } }: Services): void {
  api.get(
    "/me/links",
    {
      schema: {
        summary: "List the caller's accounts at OpenID providers",
        tags: ["login"],
        response: { 200: LinksJson },
      },
      config: { access: READ },
    },
    async ({ caller }) => ({ items: (await linksOf(caller, ports)).map(linkJson) }),
  );
}

function addWrites(api: Api, { identity }: Services): void {
  api.post(
    "/me/links/:provider",
    {
      schema: {
        summary: "Begin to link an account at an OpenID provider",
        description: "To be ended in the same browser, which keeps the cookie that is set.",
        tags: ["login"],
        params: ProviderParams,
        response: { 200: FlowJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, params: { provider }, ip }, reply) => {
      if (caller.kind !== "login") {
        return sendFault(reply, { code: "invalid", detail: "Only a person has linked accounts." });
      }
      const begun = await begin({ provider, bound: true, linksTo: caller }, ip, identity);
      if (begun.kind === "fault") return sendFault(reply, begun.fault);
      return withCookie(reply, begun.value, provider, identity).send(flowJson(begun.value));
    },
  );
  api.delete(
    "/me/links/:provider",
    {
      schema: {
        summary: "Unlink an account",
        tags: ["login"],
        params: ProviderParams,
        response: { 204: Type.Null({ description: "Unlinked." }) },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) => {
      const unlinked =
        caller.kind === "login"
          ? await unlinkAccount(caller, params.provider, identity.ports)
          : fault("invalid", "Only a person has linked accounts.");
      return answer(reply, 204, unlinked, () => undefined);
    },
  );
}

function linkJson({ body }: Entry<"link">): Written<typeof LinkJson> {
  const { provider, email, linkedAt, lastLoginAt } = body;
  return {
    provider,
    email,
    linked_at: timeText(linkedAt),
    last_login_at: timeText(lastLoginAt),
  };
}
