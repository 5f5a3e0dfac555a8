import { USER_ROLES, type UserRole } from "../../core/identity/role.ts";
import type { ConfigFile } from "./config-schema.ts";
import { isThisMachine } from "../../lib/is-this-machine.ts";
import type { Complain } from "./resolve-upstream.ts";

/** People's way in, as it is configured. */
export interface LoginConfig {
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly providers: readonly LoginProvider[];
}

export interface LoginProvider {
  readonly name: string;
  readonly displayName: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Absolute. */
  readonly clientSecretFile: string | undefined;
  readonly scopes: readonly string[];
  readonly allowedDomains: readonly string[];
  readonly roles: ReadonlyMap<string, UserRole>;
  readonly rolesClaim: string;
  readonly defaultRole: UserRole;
  readonly tenant: string;
}

type ProviderEntry = ConfigFile["login"]["providers"][number];

const KNOWN_ISSUERS: Readonly<Record<string, string>> = { google: "https://accounts.google.com" };
const DISPLAY_NAMES: Readonly<Record<string, string>> = {
  google: "Google",
  azure: "Microsoft",
  okta: "Okta",
  auth0: "Auth0",
};
const SCOPES = ["openid", "email", "profile"];

/** `path` makes a file's name absolute. */
export function resolveLogin(
  { login, manage }: Pick<ConfigFile, "login" | "manage">,
  path: (key: string, value: string) => string,
  complain: Complain,
): LoginConfig {
  const publicUrl = login.public_url ?? ownUrl(manage);
  const isUsed = login.public_url !== undefined || login.providers.length > 0;
  if (isUsed && !isSafe(publicUrl)) complain("login.public_url", "not an https URL", "https://…");
  const seen = new Set<string>();
  const providers = login.providers.flatMap((entry, index) => {
    const at = `login.providers[${index}]`;
    if (seen.has(entry.name)) complain(`${at}.name`, `\`${entry.name}\` is taken`);
    seen.add(entry.name);
    return resolveProvider(entry, at, path, complain) ?? [];
  });
  return { publicUrl: publicUrl.replace(/\/+$/u, ""), providers };
}

/** What listens everywhere is reached from this machine by loopback. */
const LOOPBACKS: ReadonlyMap<string, string> = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);

function ownUrl({ host: address, port, tls }: ConfigFile["manage"]): string {
  const scheme = tls === undefined ? "http" : "https";
  const host = LOOPBACKS.get(address) ?? address;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function resolveProvider(
  entry: ProviderEntry,
  at: string,
  path: (key: string, value: string) => string,
  complain: Complain,
): LoginProvider | undefined {
  const { name } = entry;
  const issuer = entry.issuer ?? KNOWN_ISSUERS[name];
  if (issuer === undefined)
    return complain(at, "the issuer is missing", "add issuer", `${at}.issuer`);
  if (!isSafe(issuer)) return complain(`${at}.issuer`, "not an https URL", "https://…");
  const secret = entry.client_secret_file;
  return {
    name,
    displayName: entry.display_name ?? DISPLAY_NAMES[name] ?? name,
    issuer,
    clientId: entry.client_id,
    clientSecretFile: secret === undefined ? undefined : path(`${at}.client_secret_file`, secret),
    scopes: [...new Set([...SCOPES, ...entry.scopes])],
    allowedDomains: entry.allowed_domains,
    roles: new Map(entry.roles.flatMap((text) => mappingOf(text) ?? [])),
    rolesClaim: entry.roles_claim,
    defaultRole: entry.default_role,
    tenant: entry.tenant,
  };
}

function mappingOf(text: string): readonly [[string, UserRole]] | undefined {
  const equals = text.lastIndexOf("=");
  const role = USER_ROLES.find((one) => one === text.slice(equals + 1));
  return role === undefined ? undefined : [[text.slice(0, equals), role]];
}

/** Codes and sessions travel there: encrypted, or on this machine. */
function isSafe(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.search !== "" || url.hash !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isThisMachine(url.hostname));
}
