import type { Instant, SecretName, TenantId } from "../units.ts";
import type { SecretTerms } from "./secret-terms.ts";

/** A stored secret as everybody may see it: without a value. */
export interface SecretEntry {
  readonly tenant: TenantId;
  readonly name: SecretName;
  readonly terms: SecretTerms;
  /** Grows with every change: its ETag. */
  readonly revision: number;
  /** The version in use. */
  readonly current: number;
  /** Oldest first. */
  readonly versions: readonly SecretVersion[];
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

export interface SecretVersion {
  /** Counts from 1 and is never given twice. */
  readonly number: number;
  readonly createdAt: Instant;
}

export type SecretChange =
  /** A new version. `terms` undefined: those that it has. */
  | {
      readonly kind: "store";
      readonly value: string;
      readonly terms: SecretTerms | undefined;
      readonly mustBe: "absent" | "present" | "any";
    }
  | { readonly kind: "amend"; readonly terms: SecretTerms }
  | { readonly kind: "roll_back"; readonly version: number }
  | { readonly kind: "remove" };

export interface SecretPlace {
  readonly tenant: TenantId;
  readonly name: SecretName;
  /** The revision that must stand there. */
  readonly expect: number | "any";
  readonly at: Instant;
}

export type SecretReply =
  /** Of a removed secret: as it was. */
  | { readonly kind: "changed"; readonly entry: SecretEntry }
  | { readonly kind: "refused"; readonly why: "taken" | "absent" | "changed" | "no_such_version" }
  | { readonly kind: "unreachable"; readonly cause: Error };

/** Where secrets are kept. `SecretsUnreachable` where they cannot be read. */
export interface SecretStore {
  /** By name, ascending. */
  list(tenant: TenantId): Promise<readonly SecretEntry[]>;
  find(tenant: TenantId, name: SecretName): Promise<SecretEntry | undefined>;
  change(place: SecretPlace, change: SecretChange): Promise<SecretReply>;
  /** The current value with the entry it belongs to. */
  reveal(tenant: TenantId, name: SecretName): Promise<RevealedSecret | undefined>;
}

export interface RevealedSecret {
  readonly entry: SecretEntry;
  readonly value: string;
}

/** The vault cannot be opened or read now. */
export class SecretsUnreachable extends Error {
  constructor(cause: unknown) {
    super("the vault cannot be used", { cause });
    this.name = "SecretsUnreachable";
  }
}

/** How often a secret was used, and when last; neither is evidence. */
export interface SecretUse {
  readonly count: number;
  readonly lastAt: Instant;
}

export interface SecretUses {
  add(tenant: TenantId, name: string, at: Instant): void;
  of(tenant: TenantId, name: string): SecretUse | undefined;
}
