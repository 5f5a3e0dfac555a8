/**
 * The vault that the pipeline asks: `vault://` secrets from the sealed file, `env://` and
 * `file://` from the machine. What a request needs is worked out once per upstream and version;
 * a request only compares its method and path.
 */
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSecretRef, type SecretRef } from "../../core/secret/secret-ref.ts";
import { SECRET_CHARS_MAX } from "../../core/secret/secret-value.ts";
import type { Vault, Credential } from "../../core/secret/vault.ts";
import type { Borrower } from "../../core/secret/secret-terms.ts";
import type { Refusal } from "../../core/refusal.ts";
import { instant, type TenantId } from "../../core/units.ts";
import type { CredentialRef, Upstream } from "../../core/upstream.ts";
import { pass, type Verdict } from "../../core/verdict.ts";
import { codeOf } from "../../lib/caught.ts";
import { monotonicMillis, wallMillis } from "../../lib/clock.ts";
import { impossible } from "../../lib/impossible.ts";
import { markOf } from "./file-mark.ts";
import {
  prepareCredential,
  refusedTo,
  unavailable,
  usable,
  type FoundSecret,
  type PreparedCredential,
} from "./prepared-credential.ts";
import { unsealSecret } from "./sealed-secret.ts";
import { VaultFault } from "./vault-fault.ts";
import { readVault, vaultPath, type OpenedVault } from "./vault-file.ts";
import { RemoteSecrets, type FetchSecret } from "./remote-secrets.ts";
import { openVaultKey, type VaultKeySource } from "./vault-key.ts";

const POLL_MS = 1_000;

export interface LocalVaultOptions {
  /** The data directory. */
  readonly directory: string;
  readonly tenant: TenantId;
  readonly key: VaultKeySource;
  /** For `env://` references. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How often files are looked at for changes. */
  readonly pollMs?: number;
  /** For secrets that another service keeps. */
  readonly fetch?: FetchSecret;
  /** Told when the vault file, having changed, could not be used. */
  readonly onFault?: (fault: VaultFault) => void;
}

type Contents =
  | { readonly kind: "vault"; readonly vault: OpenedVault }
  | { readonly kind: "absent" }
  | { readonly kind: "fault"; readonly fault: VaultFault };

const UNLOCK_RETRY_MS = 5_000;
const LOCKED = new VaultFault("the vault's key is not unwrapped yet");

const NO_SERVICES: FetchSecret = (ref) =>
  Promise.reject(new VaultFault(`no service is configured for ${ref.url}`));

const NO_CREDENTIAL = pass(undefined);

/** Starts without a vault file, and with one that cannot be read: its credentials are then refused. */
export class LocalVault implements Vault, Disposable {
  readonly #options: LocalVaultOptions;
  /** Paths and what they looked like before they were last read. */
  readonly #watched = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;
  #contents: Contents = { kind: "absent" };
  /** The newest vault seen: an older one on disk is a rollback, not a change. */
  #newest: { readonly generation: number; readonly mac: string } = { generation: 0, mac: "" };
  /** By tenant, since each may have a secret of its own. */
  #prepared = new WeakMap<Upstream, Map<TenantId, PreparedCredential>>();
  readonly #remote: RemoteSecrets;
  #unlocking: Promise<void> | undefined;
  /** Monotonic; undefined: the key is there. */
  #retryAt: number | undefined;

  constructor(options: LocalVaultOptions) {
    this.#options = options;
    this.#remote = new RemoteSecrets({
      fetch: options.fetch ?? NO_SERVICES,
      onChange: () => {
        this.#prepared = new WeakMap();
      },
    });
    this.#watch(vaultPath(options.directory));
    if (options.key.kind === "file") this.#watch(options.key.path);
    // A key that a service has to unwrap is waited for by `unlock`.
    if (options.key.kind === "wrapped") this.#contents = { kind: "fault", fault: LOCKED };
    else this.refresh();
    this.#timer = setInterval(() => this.#poll(), options.pollMs ?? POLL_MS).unref();
  }

  credentialFor(
    upstream: Upstream,
    method: string,
    path: string,
    borrower?: Borrower,
  ): Verdict<Credential | undefined> {
    if (upstream.credential === undefined) return NO_CREDENTIAL;
    const tenant = upstream.tenant ?? borrower?.tenant ?? this.#options.tenant;
    const prepared =
      this.#prepared.get(upstream)?.get(tenant) ??
      this.#ready(upstream, upstream.credential, tenant);
    if (prepared.conditions !== undefined) {
      const refused = refusedTo(prepared, borrower, instant(wallMillis()));
      if (refused !== undefined) return refused;
    }
    return usable(prepared, method, path);
  }

  /** Readies the credentials of these upstreams, and says which ones cannot be had and why. */
  prepare(upstreams: readonly Upstream[]): readonly Refusal[] {
    const refusals: Refusal[] = [];
    for (const upstream of upstreams) {
      if (upstream.credential === undefined) continue;
      const tenant = upstream.tenant ?? this.#options.tenant;
      const prepared = this.#ready(upstream, upstream.credential, tenant);
      if (prepared.verdict.kind === "halt") refusals.push(prepared.verdict.refusal);
    }
    return refusals;
  }

  /** Has the key unwrapped by the service that keeps it, and reads everything again. */
  async unlock(): Promise<void> {
    try {
      await openVaultKey(this.#options.key);
    } catch (error) {
      if (!(error instanceof VaultFault)) throw error;
      this.#contents = { kind: "fault", fault: error };
      this.#prepared = new WeakMap();
      this.#retryAt = monotonicMillis() + UNLOCK_RETRY_MS;
      this.#options.onFault?.(error);
      return;
    }
    this.#retryAt = undefined;
    this.refresh();
  }

  /** Resolves when the secrets that were asked for elsewhere have been answered. */
  settled(): Promise<void> {
    return this.#remote.settled();
  }

  /** Resolves once what was changed until now is in use. */
  async follow(): Promise<void> {
    this.#poll();
    await this.#unlocking;
  }

  /** Reads everything again, as the watch does by itself. */
  refresh(): void {
    for (const path of this.#watched.keys()) this.#watched.set(path, markOf(path));
    this.#contents = this.#read();
    this.#prepared = new WeakMap();
    if (this.#contents.kind === "fault") this.#options.onFault?.(this.#contents.fault);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#remote[Symbol.dispose]();
    this.#contents = { kind: "absent" };
    this.#prepared = new WeakMap();
  }

  #read(): Contents {
    try {
      const { directory, key } = this.#options;
      const vault = readVault(directory, key);
      const { generation, mac } = vault?.document ?? { generation: 0, mac: "" };
      const same = generation === this.#newest.generation && mac === this.#newest.mac;
      if (!same && generation <= this.#newest.generation) {
        throw new VaultFault(
          `the vault went back from generation ${this.#newest.generation} to ${generation}; ` +
            "restart sallyport if an older vault was restored on purpose",
        );
      }
      this.#newest = { generation, mac };
      return vault === undefined ? { kind: "absent" } : { kind: "vault", vault };
    } catch (error) {
      if (error instanceof VaultFault) return { kind: "fault", fault: error };
      throw error;
    }
  }

  #ready(upstream: Upstream, credential: CredentialRef, tenant: TenantId): PreparedCredential {
    const prepared = this.#prepare(upstream, credential, tenant);
    const known = this.#prepared.get(upstream);
    if (known === undefined) this.#prepared.set(upstream, new Map([[tenant, prepared]]));
    else known.set(tenant, prepared);
    return prepared;
  }

  #prepare(upstream: Upstream, credential: CredentialRef, tenant: TenantId): PreparedCredential {
    try {
      if (credential.oauth !== undefined)
        throw new VaultFault("access tokens are not in the vault");
      const ref = parseSecretRef(credential.ref);
      if (ref === undefined) throw new VaultFault(`${credential.ref} is not a secret reference`);
      const owners = upstream.tenant === undefined ? [tenant, this.#options.tenant] : [tenant];
      return prepareCredential(upstream, credential, this.#find(ref, credential, owners));
    } catch (error) {
      if (error instanceof VaultFault) return unavailable(upstream, credential, error);
      throw error;
    }
  }

  #find(ref: SecretRef, { name }: CredentialRef, owners: readonly TenantId[]): FoundSecret {
    switch (ref.kind) {
      case "vault":
        return this.#fromVault(ref.name, owners);
      case "env": {
        const value = this.#options.environment[ref.name];
        if (value === undefined) throw new VaultFault(`the variable ${ref.name} is not set`);
        return { value, label: `${name}@env`, secret: undefined };
      }
      case "file": {
        const path = pathOf(ref.url);
        this.#watch(path);
        return { value: readSecretFile(path), label: `${name}@file`, secret: undefined };
      }
      case "kv":
      case "k8s":
      case "aws":
        return { value: this.#remote.value(ref), label: `${name}@${ref.kind}`, secret: undefined };
      default:
        return impossible(ref);
    }
  }

  /** The first owner's who has one: a tenant's own before what the operators lend to all. */
  #fromVault(name: string, owners: readonly TenantId[]): FoundSecret {
    const contents = this.#contents;
    if (contents.kind === "fault") throw contents.fault;
    const secrets = contents.kind === "vault" ? contents.vault.document.secrets : [];
    const named = secrets.filter((one) => one.name === name);
    const secret = owners
      .map((tenant) => named.find((one) => one.tenant === tenant))
      .find((one) => one !== undefined);
    if (contents.kind === "absent" || secret === undefined) {
      throw new VaultFault(
        `the vault has no secret ${name}; store it: sallyport vault set ${name}`,
      );
    }
    const value = unsealSecret(contents.vault.key, secret);
    return { value, label: `${name}@${secret.current}`, secret };
  }

  /** The mark is taken before the file is read, so a change in between is seen as one. */
  #watch(path: string): void {
    if (!this.#watched.has(path)) this.#watched.set(path, markOf(path));
  }

  /** Polling sees atomic renames, network mounts and Kubernetes' links, which fs.watch does not. */
  #poll(): void {
    for (const [path, mark] of this.#watched) {
      if (markOf(path) !== mark) return this.#renew();
    }
    // The service that unwraps the key did not answer the last time.
    if (this.#retryAt !== undefined && monotonicMillis() >= this.#retryAt) this.#renew();
  }

  /** With another vault may have come another key. */
  #renew(): void {
    if (this.#options.key.kind !== "wrapped") return this.refresh();
    this.#unlocking ??= this.unlock().finally(() => {
      this.#unlocking = undefined;
    });
  }
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new VaultFault(`${url} does not name a file`, { cause: error });
  }
}

function readSecretFile(path: string): string {
  try {
    if (statSync(path).size > SECRET_CHARS_MAX + 2) {
      throw new VaultFault(`${path} is too large to be a credential`);
    }
    return readFileSync(path, "utf8").replace(/\r?\n$/u, "");
  } catch (error) {
    if (error instanceof VaultFault) throw error;
    throw new VaultFault(`${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
}
