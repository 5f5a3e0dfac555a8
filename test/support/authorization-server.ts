/**
 * A real authorization server: client credentials, token exchange (RFC 8693) and resource
 * indicators (RFC 8707), with JWTs that whoever gets them can verify.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from "jose";
import Provider from "oidc-provider";

export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const GATE_SECRET = "the-gate's secret: 8f2a/61c0+9b";

export interface AuthorizationServer extends AsyncDisposable {
  readonly issuer: string;
  readonly tokenUrl: string;
  /** `Authorization` of each grant that was asked for, in order. */
  readonly asked: readonly string[];
  /** Throws unless the token is of this server and for this audience. */
  verify(token: string, audience: string): Promise<JWTPayload>;
  /** A token of the user's application, as an agent would show it. */
  userToken(audience: string): Promise<string>;
}

const LIFETIME_S = 3600;

/** `clientKey`: the public JWK of the client `keyed-gate`, which has no secret. */
export async function startAuthorizationServer(clientKey?: object): Promise<AuthorizationServer> {
  const asked: string[] = [];
  let answer: ReturnType<Provider["callback"]> = (_, response) => response.end();
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const verify = async (token: string, audience: string): Promise<JWTPayload> =>
    (await jwtVerify(token, keys, { issuer, audience })).payload;
  const provider = new Provider(issuer, configuration(clientKey));
  provider.registerGrantType(
    TOKEN_EXCHANGE,
    async (context) => {
      const { params, client } = context.oidc;
      const { resource = "", scope, subject_token: subject = "" } = params;
      let claims: JWTPayload;
      try {
        claims = await verify(subject, "urn:gate");
      } catch {
        context.status = 400;
        context.body = { error: "invalid_grant" };
        return;
      }
      const token = new provider.ClientCredentials({
        client,
        scope,
        extra: { on_behalf_of: claims["client_id"] },
      });
      token.resourceServer = new provider.ResourceServer(resource, resourceInfo(resource));
      context.body = {
        access_token: await token.save(),
        issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        token_type: "Bearer",
        expires_in: token.expiration,
      };
    },
    ["subject_token", "subject_token_type", "requested_token_type", "resource", "scope"],
  );
  const callback = provider.callback();
  answer = (request, response) => {
    if (request.url === "/token") asked.push(request.headers.authorization ?? "");
    callback(request, response);
  };
  return {
    issuer,
    tokenUrl: `${issuer}/token`,
    asked,
    verify,
    userToken: (audience) => tokenFor(`${issuer}/token`, "user-app", "user-app-secret", audience),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configuration(clientKey: object | undefined): object {
  const client = (id: string, secret: string, grants: readonly string[]): object => ({
    client_id: id,
    client_secret: secret,
    grant_types: grants,
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: "client_secret_basic",
  });
  return {
    clients: [
      client("gate", GATE_SECRET, ["client_credentials", TOKEN_EXCHANGE]),
      client("user-app", "user-app-secret", ["client_credentials"]),
      ...(clientKey === undefined ? [] : [keyedClient(clientKey)]),
    ],
    scopes: ["mcp"],
    extraTokenClaims: (_: unknown, { extra }: { extra?: object }) => extra,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, resource: string) => resourceInfo(resource),
      },
    },
  };
}

function keyedClient(key: object): object {
  return {
    client_id: "keyed-gate",
    jwks: { keys: [key] },
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: "private_key_jwt",
  };
}

function resourceInfo(resource: string): object {
  return {
    scope: "mcp",
    audience: resource,
    accessTokenTTL: LIFETIME_S,
    accessTokenFormat: "jwt",
    jwt: { sign: { alg: "RS256" } },
  };
}

async function tokenFor(
  url: string,
  id: string,
  secret: string,
  resource: string,
): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
    },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "mcp", resource }),
  });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined) throw new Error(JSON.stringify(answer));
  return answer.access_token;
}
