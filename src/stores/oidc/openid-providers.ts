/** OpenID providers, spoken to by openid-client, which is loaded with the first login. */
import type * as openid from "openid-client";
import {
  OidcFailure,
  type OidcChecks,
  type OidcClient,
  type OidcIdentity,
  type OidcProvider,
} from "../../core/identity/oidc.ts";
import { printable } from "../../lib/printable.ts";

type OpenId = typeof openid;

type Claims = Readonly<Record<string, unknown>>;

interface Known {
  readonly library: OpenId;
  readonly configuration: openid.Configuration;
}

/** A provider that does not answer must not hold people up for longer. */
const TIMEOUT_S = 10;
const GROUPS_MAX = 1_000;

export class OpenIdProviders implements OidcClient {
  readonly providers: ReadonlyMap<string, OidcProvider>;
  readonly #known = new Map<string, Promise<Known>>();

  constructor(providers: readonly OidcProvider[]) {
    this.providers = new Map(providers.map((provider) => [provider.name, provider]));
  }

  async authorizationUrl(
    provider: OidcProvider,
    redirect: string,
    { state, nonce, verifier }: OidcChecks,
  ): Promise<string> {
    const { library, configuration } = await this.#discover(provider);
    const url = library.buildAuthorizationUrl(configuration, {
      redirect_uri: redirect,
      scope: provider.scopes.join(" "),
      response_type: "code",
      code_challenge: await library.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    });
    return url.href;
  }

  async identityOf(
    provider: OidcProvider,
    answer: URL,
    { state, nonce, verifier }: OidcChecks,
  ): Promise<OidcIdentity> {
    const { library, configuration } = await this.#discover(provider);
    try {
      const tokens = await library.authorizationCodeGrant(configuration, answer, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims: Claims = { ...tokens.claims() };
      const { sub } = claims;
      if (typeof sub !== "string") throw new TypeError("the ID token names nobody");
      const needsMore = claims["email"] === undefined || claims[provider.rolesClaim] === undefined;
      const asks = needsMore && configuration.serverMetadata().userinfo_endpoint !== undefined;
      const more: Claims = asks
        ? { ...(await library.fetchUserInfo(configuration, tokens.access_token, sub)) }
        : {};
      return identityFrom({ ...more, ...claims }, sub, provider);
    } catch (error) {
      throw failureOf(error, provider);
    }
  }

  /** Read once; a provider that could not be reached is asked again. */
  #discover(provider: OidcProvider): Promise<Known> {
    const known = this.#known.get(provider.name) ?? discover(provider);
    this.#known.set(provider.name, known);
    known.catch(() => this.#known.delete(provider.name));
    return known;
  }
}

async function discover(provider: OidcProvider): Promise<Known> {
  const library = await import("openid-client");
  const { issuer, clientId, clientSecret } = provider;
  try {
    const server = new URL(issuer);
    // The configuration lets http in on this machine only.
    const cleartext = server.protocol === "http:" ? [library.allowInsecureRequests] : [];
    const configuration = await library.discovery(
      server,
      clientId,
      undefined,
      clientSecret === undefined ? library.None() : authenticator(await clientSecret(), library),
      { timeout: TIMEOUT_S, execute: [...cleartext, library.enableNonRepudiationChecks] },
    );
    return { library, configuration };
  } catch (error) {
    if (error instanceof OidcFailure) throw error;
    const message = `The provider ${provider.name} cannot be reached now.`;
    throw new OidcFailure("unreachable", message, error);
  }
}

/** As the provider wants it; without a word of it, in the form, which all of them take. */
function authenticator(secret: string, library: OpenId): openid.ClientAuth {
  const inForm = library.ClientSecretPost(secret);
  const inHeader = library.ClientSecretBasic(secret);
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported;
    const takesForm = methods === undefined || methods.includes("client_secret_post");
    return (takesForm ? inForm : inHeader)(server, client, body, headers);
  };
}

function identityFrom(claims: Claims, subject: string, { rolesClaim }: OidcProvider): OidcIdentity {
  const { email, name, email_verified: verified } = claims;
  const groups = claims[rolesClaim];
  const listed = Array.isArray(groups) ? groups : [groups];
  return {
    subject,
    email: typeof email === "string" ? email : undefined,
    emailVerified: verified === true || verified === "true",
    name: typeof name === "string" ? name : undefined,
    groups: listed.filter((group) => typeof group === "string").slice(0, GROUPS_MAX),
  };
}

const REASON_CHARS_MAX = 200;

/** What the provider said, as far as a person can use it. */
function failureOf(error: unknown, { name }: OidcProvider): OidcFailure {
  const said =
    error instanceof Error && "error_description" in error ? error.error_description : undefined;
  const reason =
    typeof said === "string"
      ? printable(said.slice(0, REASON_CHARS_MAX))
      : "its answer does not fit this login";
  return new OidcFailure("refused", `The login at ${name} did not succeed: ${reason}.`, error);
}
