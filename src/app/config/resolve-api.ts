/** Checks `api:` against the rest of the file. */
import { parseRange } from "../../core/address/address-range.ts";
import type { ApiSettings } from "./config.ts";
import type { ConfigFile } from "./config-schema.ts";
import type { Complain } from "./resolve-upstream.ts";

export function resolveApi({ api }: Pick<ConfigFile, "api">, complain: Complain): ApiSettings {
  for (const [index, proxy] of api.trusted_proxies.entries()) {
    if (parseRange(proxy) === undefined) {
      const at = `api.trusted_proxies[${index}]`;
      complain(at, "neither an address nor a network", "for example 10.0.0.0/8");
    }
  }
  return {
    open: api.auth === "open",
    bootstrap: { token: api.bootstrap_token, local: api.local_bootstrap },
    privateUpstreams: api.private_upstreams,
    trustedProxies: api.trusted_proxies,
  };
}
