import type { Binding } from "../../../src/core/secret/binding.ts";
import { lentTo } from "../../../src/core/secret/secret-terms.ts";
import {
  id,
  instant,
  millis,
  type Instant,
  type SecretName,
  type TenantId,
  type UpstreamName,
} from "../../../src/core/units.ts";
import { OVER_HTTP, type CredentialRef, type Upstream } from "../../../src/core/upstream.ts";
import { vaultKeySource } from "../../../src/stores/vault/vault-key.ts";
import { changeSecret, type VaultHome } from "../../../src/stores/vault/vault-secrets.ts";
import { newDirectory } from "../../support/new-directory.ts";

export const AT = instant(Date.parse("2026-11-21T03:00:00.000Z"));
export const LATER = instant(Date.parse("2026-11-22T03:00:00.000Z"));
export const VALUE = "sk-test-0123456789abcdef";

export const BINDING: Binding = {
  origin: "https://api.openai.com",
  paths: ["/v1/**"],
  methods: ["POST"],
  header: "authorization",
  format: "Bearer {}",
};

export const secret = (text: string): SecretName => id(text);

export interface VaultPlace extends VaultHome {
  readonly tenant: TenantId;
}

export function setSecret(
  place: VaultPlace,
  name: SecretName,
  binding: Binding,
  value: string,
  at: Instant,
): void {
  const terms = lentTo(binding);
  const change = { kind: "store", value, terms, mustBe: "any" } as const;
  changeSecret(place, { tenant: place.tenant, name, at, expect: "any" }, change);
}

/** Whether there was one. */
export function rotateSecret(
  place: VaultPlace,
  name: SecretName,
  value: string,
  at: Instant,
): boolean {
  const change = { kind: "store", value, terms: undefined, mustBe: "present" } as const;
  const reply = changeSecret(place, { tenant: place.tenant, name, at, expect: "any" }, change);
  return reply.kind === "changed";
}

/** Whether there was one. */
export function removeSecret(place: VaultPlace, name: SecretName): boolean {
  const at = { tenant: place.tenant, name, at: LATER, expect: "any" } as const;
  return changeSecret(place, at, { kind: "remove" }).kind === "changed";
}

export function newPlace(key?: string): VaultPlace {
  const directory = newDirectory();
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
