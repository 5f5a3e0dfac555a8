/**
 * People come in by an OpenID provider: authorization code with PKCE, state and nonce. A flow is
 * good once; one that began in a browser, or links an account, ends in the same browser only.
 */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry, OidcFlowRecord, UserRecord } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import {
  OIDC_FLOW_TTL_MS,
  OidcFailure,
  type OidcChecks,
  type OidcClient,
  type OidcIdentity,
  type OidcProvider,
} from "../../core/identity/oidc.ts";
import { instant } from "../../core/units.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";
import { randomToken } from "../../lib/ids.ts";
import { linkAccount } from "./link-account.ts";
import { beginLogin, type LoggedIn } from "./log-in.ts";
import { userOfIdentity } from "./user-of-identity.ts";

export interface OidcPorts extends IdentityPorts {
  readonly oidc: OidcClient;
}

export interface FlowWish {
  readonly provider: string;
  /** Where the provider sends the person back to. */
  readonly redirect: string;
  /** Whether the flow must end in the browser that began it. */
  readonly bound: boolean;
  /** Who links an account; undefined for a login. */
  readonly linksTo: Caller | undefined;
}

export interface BegunFlow {
  readonly authorizationUrl: string;
  readonly state: string;
  /** For a cookie; undefined where the flow is not bound. */
  readonly browser: string | undefined;
}

/** 256 bits each. */
const SECRET_BYTES = 32;

export async function beginOidcFlow(
  { provider: name, redirect, bound, linksTo }: FlowWish,
  { oidc, store, now }: OidcPorts,
): Promise<Answer<BegunFlow>> {
  const provider = oidc.providers.get(name);
  if (provider === undefined) return NO_PROVIDER;
  const checks: OidcChecks = {
    state: randomToken(SECRET_BYTES),
    nonce: randomToken(SECRET_BYTES),
    verifier: randomToken(SECRET_BYTES),
  };
  const browser = bound ? randomToken(SECRET_BYTES) : undefined;
  let authorizationUrl: string;
  try {
    authorizationUrl = await oidc.authorizationUrl(provider, redirect, checks);
  } catch (error) {
    return failed(error);
  }
  const { state, nonce, verifier } = checks;
  const body: OidcFlowRecord = {
    provider: name,
    nonce,
    verifier,
    redirect,
    browserSha256: browser === undefined ? undefined : sha256Hex(browser),
    linksTo: linksTo?.id,
    expiresAt: instant(now() + OIDC_FLOW_TTL_MS),
  };
  const id = sha256Hex(state);
  const entry = { kind: "oidc_flow", id, tenant: provider.tenant, createdAt: now(), body } as const;
  await store.write({ kind: "put", entry, expect: "absent" });
  return done({ authorizationUrl, state, browser });
}

export interface FlowAnswer {
  readonly provider: string;
  readonly state: string;
  /** The query that the provider sent the person back with. */
  readonly query: string;
  /** The cookie of the browser, if it has one. */
  readonly browser: string | undefined;
}

export type FinishedFlow =
  | { readonly kind: "logged_in"; readonly login: LoggedIn }
  | { readonly kind: "linked"; readonly user: Entry<"user"> };

export async function finishOidcFlow(
  answer: FlowAnswer,
  ports: OidcPorts,
): Promise<Answer<FinishedFlow>> {
  const provider = ports.oidc.providers.get(answer.provider);
  if (provider === undefined) return NO_PROVIDER;
  const taken = await takeFlow(answer, ports);
  if (taken.kind === "fault") return taken;
  const flow = taken.value;
  const { nonce, verifier, redirect } = flow;
  const address = new URL(redirect);
  address.search = answer.query;
  let identity: OidcIdentity;
  try {
    const checks = { state: answer.state, nonce, verifier };
    identity = await ports.oidc.identityOf(provider, address, checks);
  } catch (error) {
    return failed(error);
  }
  if (flow.linksTo !== undefined) {
    const linked = await linkAccount(flow.linksTo, provider, identity, ports);
    return linked.kind === "fault" ? linked : done({ kind: "linked", user: linked.value });
  }
  return logIn(provider, identity, ports);
}

async function logIn(
  provider: OidcProvider,
  identity: OidcIdentity,
  ports: OidcPorts,
): Promise<Answer<FinishedFlow>> {
  const found = await userOfIdentity(provider, identity, ports);
  if (found.kind === "fault") return found;
  const user: Entry<"user"> = found.value;
  const body: UserRecord = user.body;
  if (!body.active) return fault("forbidden", "This account is not active.");
  const login = await beginLogin(user, `oidc:${provider.name}`, ports);
  return login.kind === "fault" ? login : done({ kind: "logged_in", login: login.value });
}

/** Whoever takes it out has it: the same answer a second time finds nothing. */
async function takeFlow(
  { provider, state, browser }: FlowAnswer,
  { store, now }: OidcPorts,
): Promise<Answer<OidcFlowRecord>> {
  const entry = await store.get("oidc_flow", sha256Hex(state));
  if (entry === undefined || entry.body.provider !== provider) return NO_FLOW;
  const { id, tenant, revision, body } = entry;
  const { browserSha256 } = body;
  if (
    browserSha256 !== undefined &&
    (browser === undefined || sha256Hex(browser) !== browserSha256)
  )
    return fault("forbidden", "This login began in another browser: begin again.");
  const reply = await store.write({
    kind: "remove",
    of: "oidc_flow",
    id,
    tenant,
    expect: revision,
  });
  return reply.kind === "conflict" || body.expiresAt <= now() ? NO_FLOW : done(body);
}

const NO_PROVIDER = fault("not_found", "No provider of this name is configured.");
const NO_FLOW = fault("invalid", "This login is not known, has expired or was used: begin again.");

function failed(error: unknown): Answer<never> {
  if (!(error instanceof OidcFailure)) throw error;
  const code = error.kind === "unreachable" ? "unavailable" : "unauthenticated";
  return fault(code, error.message, { cause: error });
}
