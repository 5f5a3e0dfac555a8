import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Binding } from "../../../src/core/secret/binding.ts";
import { id, millis, type SecretName, type UpstreamName } from "../../../src/core/units.ts";
import { OVER_HTTP, type CredentialRef, type Upstream } from "../../../src/core/upstream.ts";
import { vaultKeySource } from "../../../src/stores/vault/vault-key.ts";
import type { VaultPlace } from "../../../src/stores/vault/vault-secrets.ts";

export const AT = "2026-11-21T03:00:00.000Z";
export const LATER = "2026-11-22T03:00:00.000Z";
export const VALUE = "sk-test-0123456789abcdef";

export const BINDING: Binding = {
  origin: "https://api.openai.com",
  paths: ["/v1/**"],
  methods: ["POST"],
  header: "authorization",
  format: "Bearer {}",
};

export const secret = (text: string): SecretName => id(text);

export function newPlace(key?: string): VaultPlace {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-vault-"));
  return {
    directory,
    key: vaultKeySource({ key, keyFile: undefined }, directory),
    tenant: id("default"),
  };
}

export function upstream(
  credential: Partial<CredentialRef> | undefined,
  change: Partial<Upstream> = {},
): Upstream {
  const second = millis(1_000);
  return {
    name: id<UpstreamName>("openai"),
    wire: "openai",
    transport: OVER_HTTP,
    origin: "https://api.openai.com",
    host: "api.openai.com",
    pathPrefix: "",
    priceProvider: "openai",
    credential:
      credential === undefined
        ? undefined
        : {
            ref: "vault://openai",
            name: secret("openai"),
            header: "Authorization",
            format: "Bearer {}",
            paths: [],
            methods: [],
            ...credential,
          },
    allowPrivate: false,
    connectionsMax: 8,
    timeouts: { connect: second, headers: second, idle: second, total: second },
    requestBytesMax: 1_000_000,
    responseBytesMax: 1_000_000,
    unscannable: "refuse",
    ...change,
  };
}
