/** People who come by an OpenID provider: whom it vouches for, and what they may be here. */
import type { Instant, TenantId } from "../units.ts";
import { includesRole, type UserRole } from "./role.ts";

/** How long a login at the provider may take. */
export const OIDC_FLOW_TTL_MS = 600_000;

export interface OidcProvider {
  /** In the login's path. */
  readonly name: string;
  readonly displayName: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Read when it is needed; undefined: a public client, which PKCE alone protects. */
  readonly clientSecret: (() => Promise<string>) | undefined;
  readonly scopes: readonly string[];
  /** Of e-mail addresses, lower case; a person of one of them is let in. */
  readonly allowedDomains: readonly string[];
  /** Where there are any, they alone say what role a person has, anew with each login. */
  readonly roles: ReadonlyMap<string, UserRole>;
  /** The claim that `roles` are looked up by. */
  readonly rolesClaim: string;
  /** Of a new person whom no mapping gives another. */
  readonly defaultRole: UserRole;
  readonly tenant: TenantId;
}

/** What a provider says of a person, verified. */
export interface OidcIdentity {
  readonly subject: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly name: string | undefined;
  /** Values of the provider's `rolesClaim`. */
  readonly groups: readonly string[];
}

/** One login or linking under way, as its answer must show it. */
export interface OidcChecks {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636. */
  readonly verifier: string;
}

/** Speaks to the providers. Rejects with `OidcFailure` where one cannot be reached or says no. */
export interface OidcClient {
  readonly providers: ReadonlyMap<string, OidcProvider>;
  authorizationUrl(provider: OidcProvider, redirect: string, checks: OidcChecks): Promise<string>;
  /** `answer`: the whole address that the person was sent back to. */
  identityOf(provider: OidcProvider, answer: URL, checks: OidcChecks): Promise<OidcIdentity>;
}

export class OidcFailure extends Error {
  /** Whose fault: the provider's that is away, or the answer's that is wrong. */
  readonly kind: "unreachable" | "refused";

  constructor(kind: OidcFailure["kind"], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "OidcFailure";
    this.kind = kind;
  }
}

/** A person of ours as a provider knows them. Its id is made of provider and subject. */
export interface LinkRecord {
  readonly provider: string;
  readonly subject: string;
  readonly user: string;
  readonly email: string | undefined;
  readonly linkedAt: Instant;
  readonly lastLoginAt: Instant | undefined;
}

/** The role that the mapping gives; undefined where it gives none. Of several, the highest. */
export function mappedRole(
  { roles }: OidcProvider,
  groups: readonly string[],
): UserRole | undefined {
  let highest: UserRole | undefined;
  for (const group of groups) {
    const role = roles.get(group);
    if (role === undefined) continue;
    if (highest === undefined || includesRole(role, highest)) highest = role;
  }
  return highest;
}

/**
 * What a person nobody here knows yet would be. Undefined: not let in. An address counts only where
 * the provider has verified it; without domains and mapping nobody new is let in.
 */
export function roleOfNewcomer(
  provider: OidcProvider,
  identity: OidcIdentity,
): UserRole | undefined {
  if (!isOfAllowedDomain(provider, identity)) return undefined;
  const mapped = mappedRole(provider, identity.groups);
  if (provider.roles.size > 0) return mapped;
  return provider.allowedDomains.length > 0 ? provider.defaultRole : undefined;
}

/** Whether the person's verified address is of an allowed domain; true where none is named. */
export function isOfAllowedDomain(
  { allowedDomains }: OidcProvider,
  { email, emailVerified }: OidcIdentity,
): boolean {
  if (allowedDomains.length === 0) return true;
  if (email === undefined || !emailVerified) return false;
  return allowedDomains.includes(email.slice(email.lastIndexOf("@") + 1).toLowerCase());
}
