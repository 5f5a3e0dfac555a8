import { readFile } from "node:fs/promises";
import { OidcFailure, type OidcClient, type OidcProvider } from "../../core/identity/oidc.ts";
import { id } from "../../core/units.ts";
import { OpenIdProviders } from "../../stores/oidc/openid-providers.ts";
import type { LoginConfig, LoginProvider } from "../config/resolve-login.ts";

/** Nothing is read and nobody is spoken to before somebody logs in. */
export function openLogin({ providers }: LoginConfig): OidcClient {
  return new OpenIdProviders(providers.map(providerOf));
}

function providerOf({ clientSecretFile, ...configured }: LoginProvider): OidcProvider {
  const { name, tenant } = configured;
  const clientSecret =
    clientSecretFile === undefined ? undefined : () => secretIn(clientSecretFile, name);
  return { ...configured, tenant: id(tenant), clientSecret };
}

async function secretIn(path: string, provider: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).replace(/\r?\n$/u, "");
  } catch (error) {
    const message = `The client secret of ${provider} cannot be read: see client_secret_file.`;
    throw new OidcFailure("unreachable", message, error);
  }
}
