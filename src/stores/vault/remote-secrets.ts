/**
 * Secrets that another service keeps. Requests cannot wait for it, so each is fetched when it is
 * first asked for and again every minute; what the service does not give any more is gone here too.
 */
import type { RemoteSecretRef } from "../../core/secret/secret-ref.ts";
import { SECRET_CHARS_MAX } from "../../core/secret/secret-value.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { VaultFault } from "./vault-fault.ts";

export type FetchSecret = (ref: RemoteSecretRef) => Promise<string>;

export interface RemoteSecretsOptions {
  /** Rejects with VaultFault. */
  readonly fetch: FetchSecret;
  /** Told when one has come, changed or gone. */
  readonly onChange: () => void;
  readonly refreshMs?: number;
}

const REFRESH_MS = 60_000;
/** How soon one that could not be had is asked for again. */
const RETRY_MS = 5_000;
/** A service that does not answer leaves what it gave in force for so long. */
const STALE_MS = 15 * 60_000;

interface Held {
  readonly ref: RemoteSecretRef;
  value: string | undefined;
  /** Monotonic, of the last answer that gave a value. */
  gotAt: number;
  fault: VaultFault | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class RemoteSecrets implements Disposable {
  readonly #options: RemoteSecretsOptions;
  readonly #held = new Map<string, Held>();
  readonly #asking = new Set<Promise<void>>();
  #closed = false;

  constructor(options: RemoteSecretsOptions) {
    this.#options = options;
  }

  /** Throws VaultFault while it cannot be had. `url` is the whole reference. */
  value(ref: RemoteSecretRef): string {
    const held = this.#held.get(ref.url) ?? this.#begin(ref);
    if (held.value !== undefined) return held.value;
    throw held.fault ?? new VaultFault(`${ref.url} has not been fetched yet`);
  }

  /** Resolves when everything that was asked for has been answered. */
  async settled(): Promise<void> {
    while (this.#asking.size > 0) await Promise.all(this.#asking);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
  }

  #begin(ref: RemoteSecretRef): Held {
    const held: Held = { ref, value: undefined, gotAt: 0, fault: undefined, timer: undefined };
    this.#held.set(ref.url, held);
    this.#ask(held);
    return held;
  }

  #ask(held: Held): void {
    const asking = this.#fetch(held).finally(() => this.#asking.delete(asking));
    this.#asking.add(asking);
  }

  async #fetch(held: Held): Promise<void> {
    const before = { ...held };
    try {
      const value = await this.#options.fetch(held.ref);
      if (value.length > SECRET_CHARS_MAX) throw new VaultFault(`${held.ref.url} is too long`);
      [held.value, held.gotAt, held.fault] = [value, monotonicMillis(), undefined];
    } catch (error) {
      if (!(error instanceof VaultFault)) throw error;
      held.fault = error;
      // What was taken away there is taken away here; one that is away for long is not trusted.
      const isStale = monotonicMillis() - held.gotAt >= STALE_MS;
      if (error.isGone || isStale) held.value = undefined;
    }
    if (this.#closed) return;
    const wait = held.fault === undefined ? (this.#options.refreshMs ?? REFRESH_MS) : RETRY_MS;
    held.timer = setTimeout(() => this.#ask(held), wait).unref();
    if (held.value !== before.value || held.fault !== before.fault) this.#options.onChange();
  }
}
