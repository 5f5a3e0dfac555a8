import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import { OIDC_FLOW_TTL_MS } from "../../core/identity/oidc.ts";
import {
  beginOidcFlow,
  finishOidcFlow,
  type BegunFlow,
  type FlowWish,
} from "../../operations/identity/log-in-by-oidc.ts";
import type { Api } from "./api.ts";
import { loginJson, LoginJson } from "./login-routes.ts";
import { answer, sendFault } from "./problem.ts";
import type { Identity, Services } from "./services.ts";

export const ProviderParams = Type.Object({ provider: Type.String({ maxLength: 64 }) });

export const FlowJson = Type.Object(
  {
    authorization_url: Type.String({ description: "Where the person says who they are." }),
    state: Type.String({ description: "Comes back with the answer." }),
  },
  {
    examples: [
      { authorization_url: "https://accounts.google.com/o/oauth2/v2/auth?…", state: "3q2-7w…" },
    ],
  },
);

const ProvidersJson = Type.Object(
  { items: Type.Array(Type.Object({ name: Type.String(), display_name: Type.String() })) },
  { examples: [{ items: [{ name: "google", display_name: "Google" }] }] },
);

export function oidcRoutes(api: Api, services: Services): void {
  addProviders(api, services);
  addLogin(api, services);
  addCallback(api, services);
}

function addProviders(api: Api, { identity: { oidc } }: Services): void {
  api.get(
    "/login/oidc",
    {
      schema: {
        summary: "List the OpenID providers that people may come by",
        tags: ["login"],
        response: { 200: ProvidersJson },
      },
      config: { access: "public" },
    },
    () => ({
      items: [...oidc.providers.values()].map(({ name, displayName }) => {
        return { name, display_name: displayName };
      }),
    }),
  );
}

function addLogin(api: Api, { identity }: Services): void {
  api.get(
    "/login/oidc/:provider",
    {
      schema: {
        summary: "Begin a login at an OpenID provider",
        description:
          "A browser (`Accept: text/html`) is sent there, and only it can end the login; others " +
          "are told the address.",
        tags: ["login"],
        params: ProviderParams,
        response: { 200: FlowJson, 302: Type.Null({ description: "To the provider." }) },
      },
      config: { access: "public" },
    },
    async ({ params, headers, ip }, reply) => {
      const isBrowser = headers.accept?.includes("text/html") === true;
      const wish = { provider: params.provider, bound: isBrowser, linksTo: undefined };
      const begun = await begin(wish, ip, identity);
      if (begun.kind === "fault") return sendFault(reply, begun.fault);
      const shown = withCookie(reply, begun.value, params.provider, identity);
      return isBrowser
        ? shown.redirect(begun.value.authorizationUrl, 302)
        : shown.send(flowJson(begun.value));
    },
  );
}

function addCallback(api: Api, { identity }: Services): void {
  const text = Type.Optional(Type.String({ maxLength: 4_096 }));
  api.get(
    "/login/oidc/:provider/callback",
    {
      schema: {
        summary: "End a login, or a linking, at an OpenID provider",
        description: "The provider sends the person's browser here.",
        tags: ["login"],
        params: ProviderParams,
        querystring: Type.Object({
          state: Type.String({ maxLength: 512 }),
          code: text,
          error: text,
        }),
        response: {
          200: LoginJson,
          204: Type.Null({ description: "The account is linked." }),
        },
      },
      config: { access: "public" },
    },
    async ({ params, query, url, headers }, reply) => {
      const finished = await finishOidcFlow(
        {
          provider: params.provider,
          state: query.state,
          query: url.slice(url.indexOf("?")),
          browser: cookieOf(headers.cookie),
        },
        { ...identity.ports, oidc: identity.oidc },
      );
      void reply.headers({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
      if (finished.kind === "fault") return sendFault(reply, finished.fault);
      if (finished.value.kind === "linked") return reply.code(204).send();
      return answer(reply, 200, done(finished.value.login), loginJson);
    },
  );
}

/** Tries are counted with those of passwords: each leaves an entry behind. */
export async function begin(
  wish: Omit<FlowWish, "redirect">,
  address: string,
  { ports, oidc, logins, publicUrl }: Identity,
): Promise<Answer<BegunFlow>> {
  const wait = logins.take(address, ports.now());
  if (wait > 0) {
    const retryAfter = Math.ceil(wait / 1000);
    return fault("too_many", "Too many logins from this address.", { retryAfter });
  }
  const redirect = `${publicUrl}${pathOf(wish.provider)}/callback`;
  return beginOidcFlow({ ...wish, redirect }, { ...ports, oidc });
}

function pathOf(provider: string): string {
  return `/core/v1/login/oidc/${encodeURIComponent(provider)}`;
}

const COOKIE = "sallyport_oidc";

/** Sent back by the same browser only, and to the callback alone. */
export function withCookie(
  reply: FastifyReply,
  { browser }: BegunFlow,
  provider: string,
  { publicUrl }: Identity,
): FastifyReply {
  void reply.header("cache-control", "no-store");
  if (browser === undefined) return reply;
  const secure = publicUrl.startsWith("https:") ? "; Secure" : "";
  const age = OIDC_FLOW_TTL_MS / 1000;
  const path = new URL(publicUrl).pathname.replace(/\/$/u, "") + pathOf(provider);
  const value = `${COOKIE}=${browser}; Path=${path}; Max-Age=${age}; HttpOnly; SameSite=Lax`;
  return reply.header("set-cookie", value + secure);
}

function cookieOf(header: string | undefined): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === COOKIE) return value;
  }
  return undefined;
}

export function flowJson({ authorizationUrl, state }: BegunFlow) {
  return { authorization_url: authorizationUrl, state };
}
