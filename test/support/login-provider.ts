/** A real OpenID provider, and a browser that logs in there. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export interface Person {
  readonly email: string;
  readonly email_verified?: boolean;
  readonly name?: string;
  readonly groups?: readonly string[];
}

export interface LoginProvider extends AsyncDisposable {
  readonly issuer: string;
  /** By login name; may change between two logins. */
  readonly people: Map<string, Person>;
}

export const CLIENT_ID = "sallyport";
export const CLIENT_SECRET = "the login's secret: 41aa/9+c";

export async function startLoginProvider(redirects: readonly string[]): Promise<LoginProvider> {
  let answer: ReturnType<Provider["callback"]> = (_, response) => response.end();
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const people = new Map<string, Person>();
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: redirects,
        grant_types: ["authorization_code"],
        response_types: ["code"],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    cookies: { keys: ["test"] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ sub, ...people.get(sub) }),
    }),
  });
  answer = provider.callback();
  return {
    issuer,
    people,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const STEPS_MAX = 20;

/** Fills in the provider's forms as this person; the address that they are sent back to at last. */
export async function logInAt(authorizationUrl: string, login: string): Promise<URL> {
  const { origin } = new URL(authorizationUrl);
  const jar = new Map<string, string>();
  let next = authorizationUrl;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const reply = await fetch(next, {
      redirect: "manual",
      method: form === undefined ? "GET" : "POST",
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form !== undefined && { body: form }),
    });
    for (const cookie of reply.headers.getSetCookie()) {
      const [name = "", value = ""] = (cookie.split(";", 1)[0] ?? "").split("=", 2);
      jar.set(name, value);
    }
    const location = reply.headers.get("location");
    form = undefined;
    if (location !== null) {
      const target = new URL(location, next);
      if (target.origin !== origin) return target;
      next = target.href;
      continue;
    }
    const page = await reply.text();
    const action = /action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
    if (action === undefined || prompt === undefined) throw new Error(`no form: ${page}`);
    next = new URL(action.replaceAll("&amp;", "&"), next).href;
    form = new URLSearchParams({ prompt, login, password: "any" });
  }
  throw new Error("the provider sends in circles");
}
