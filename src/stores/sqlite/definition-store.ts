/**
 * Pins on disk, and all of them in memory: a call asks for one on its way. What changes is put into
 * a queue in the same transaction, so that the ledger hears of it also after a crash.
 */
import type { DatabaseSync } from "node:sqlite";
import type { JsonValue } from "../../core/json.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import type { Change } from "../../core/ledger/entry.ts";
import { definitionKey, otherForm, type DefinitionRef } from "../../core/trust/definition.ts";
import type { DefinitionStore, Listing } from "../../core/trust/definition-store.ts";
import type { Lock } from "../../core/trust/lock-file.ts";
import { standingOf, type Pin, type TrustMode } from "../../core/trust/pin.ts";
import { listedNameOf, listedNames, type ListedNames } from "../../core/trust/respelt-name.ts";
import { sightListing } from "../../core/trust/sight-listing.ts";
import { agree, byName, type Sighted } from "../../core/trust/sighted.ts";
import { recordOf } from "../../core/trust/record-pin.ts";
import type { DefinitionHash, Instant, UpstreamName } from "../../core/units.ts";
import { openDatabase } from "./database.ts";
import { inTransaction } from "./in-transaction.ts";
import {
  DEFINITION_MIGRATIONS,
  keyValues,
  pinnedOf,
  prepareDefinitions,
  rehashed,
  type DefinitionStatements,
  type PinnedDefinition,
} from "./definition-rows.ts";

/** How long an approval counts that another process may have ended meanwhile. */
const APPROVAL_FRESH_MS = 20;
/** Whoever claimed a change and did not seal it by then has died. */
const CLAIM_MS = 30_000;

export interface DefinitionStoreOptions {
  readonly path: string;
  readonly now: () => Instant;
  readonly trustOf: (upstream: UpstreamName) => TrustMode;
  /** The file in version control, as it is now. */
  readonly lock: () => Lock;
  /** Told when something waits for the ledger. */
  readonly onChange: () => void;
  /** Told when the disk refuses: what could not be remembered is not shown. */
  readonly onFault: (cause: unknown) => void;
}

/** A change that waits for its place on the ledger. */
export interface QueuedChange {
  readonly id: number;
  readonly change: Change;
}

export type ApproveReply =
  | { readonly kind: "approved"; readonly pin: Pin }
  | { readonly kind: "unknown" }
  /** The server has said something else since the caller looked. */
  | { readonly kind: "moved"; readonly seen: DefinitionHash }
  | { readonly kind: "locked" };

const NONE: ReadonlyMap<string, Pin> = new Map();

export class SqliteDefinitionStore implements DefinitionStore, Disposable {
  readonly #options: DefinitionStoreOptions;
  readonly #database: DatabaseSync;
  readonly #sql: DefinitionStatements;
  #pins = new Map<string, Pin>();
  #seenVersion: unknown;
  /** Monotonic; when other processes' changes were last looked for. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #revision = 0;
  /** Made when first asked for at a revision. */
  #listed: { readonly revision: number; readonly names: ListedNames } | undefined;

  /** Throws where the file cannot be opened. */
  constructor(options: DefinitionStoreOptions) {
    this.#options = options;
    this.#database = openDatabase(options.path, DEFINITION_MIGRATIONS);
    this.#sql = prepareDefinitions(this.#database);
    inTransaction(this.#database, () => this.#countAgain());
    this.#load();
  }

  /** Another number whenever a pin is new or stands otherwise, also by another process. */
  get revision(): number {
    this.#loadIfChangedElsewhere();
    return this.#revision;
  }

  /** On the way of every call: what was approved is looked up anew only now and then. */
  pin(ref: DefinitionRef): Pin | undefined {
    const key = definitionKey(ref);
    const isOld = monotonicMillis() - this.#lookedAt > APPROVAL_FRESH_MS;
    if (isOld || this.#pins.get(key)?.standing !== "approved") this.#loadIfChangedElsewhere();
    const pin = this.#pins.get(key) ?? this.#pins.get(definitionKey(otherForm(ref)));
    return pin && this.#standing(pin);
  }

  listedNameOf(ref: DefinitionRef): string | undefined {
    const { revision } = this;
    if (this.#listed?.revision !== revision) {
      this.#listed = { revision, names: listedNames(this.#pins.values()) };
    }
    return listedNameOf(ref, this.#listed.names);
  }

  trustOf(upstream: UpstreamName): TrustMode {
    return this.#options.trustOf(upstream);
  }

  observe(listing: Listing): ReadonlyMap<string, Pin> {
    try {
      this.#loadIfChangedElsewhere();
      const sightings = this.#sightings(listing);
      const news = sightings.filter(({ made, isTwin }) => made.change !== undefined || isTwin);
      if (news.length === 0) return byName(sightings);
      inTransaction(this.#database, () => news.forEach((sighting) => this.#write(sighting)));
      for (const { made } of news) this.#pins.set(definitionKey(made.pin.ref), made.pin);
      if (news.every(({ isTwin }) => isTwin)) return byName(sightings);
      this.#revision += 1;
      this.#options.onChange();
      return byName(sightings);
    } catch (error) {
      this.#options.onFault(error);
      return NONE;
    }
  }

  approvedText(ref: DefinitionRef): JsonValue | undefined {
    if (this.trustOf(ref.upstream) === "locked") {
      return this.#options.lock().get(definitionKey(ref))?.text;
    }
    const row =
      this.#sql.one.get(...keyValues(ref)) ?? this.#sql.one.get(...keyValues(otherForm(ref)));
    return row === undefined ? undefined : pinnedOf(row).approvedText;
  }

  /** Everything, with its texts. */
  list(): readonly PinnedDefinition[] {
    return this.#sql.all.all().map((row) => {
      const pinned = pinnedOf(row);
      const { ref } = pinned.pin;
      if (this.trustOf(ref.upstream) !== "locked") return pinned;
      return { ...pinned, pin: this.#standing(pinned.pin), approvedText: this.approvedText(ref) };
    });
  }

  /** Approves what was seen last, or only `hash` if it still is that. */
  approve(ref: DefinitionRef, hash: DefinitionHash | undefined, by: string): ApproveReply {
    if (this.trustOf(ref.upstream) === "locked") return { kind: "locked" };
    return inTransaction(this.#database, () => {
      const row = this.#sql.one.get(...keyValues(ref));
      if (row === undefined) return { kind: "unknown" };
      const { pin } = pinnedOf(row);
      if (hash !== undefined && hash !== pin.seen) return { kind: "moved", seen: pin.seen };
      const { seen } = pin;
      this.#sql.approve.run(by, this.#options.now(), ...keyValues(ref), seen);
      const approved: Pin = { ...pin, standing: "approved", approved: seen };
      const made = { pin: approved, change: "approved" } as const;
      this.#sql.queue.run(JSON.stringify(recordOf(made, pin, by)));
      this.#pins.set(definitionKey(ref), approved);
      this.#revision += 1;
      return { kind: "approved", pin: approved };
    });
  }

  /** Changes for the ledger, claimed: another process leaves them alone until they are stale. */
  claimChanges(limit: number): readonly QueuedChange[] {
    const now = this.#options.now();
    return inTransaction(this.#database, () => {
      const rows = this.#sql.unclaimed.all(now - CLAIM_MS, limit);
      return rows.map((row) => {
        const id = Number(row["id"]);
        this.#sql.claim.run(now, id);
        const change: Change = JSON.parse(String(row["body"]));
        return { id, change };
      });
    });
  }

  sealChange(id: number): void {
    this.#sql.seal.run(id);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #sightings(listing: Listing): readonly Sighted[] {
    const { upstream } = listing;
    const trust = this.trustOf(upstream);
    const lock = trust === "locked" ? this.#options.lock() : undefined;
    return sightListing(listing, {
      trust,
      pins: this.#pins,
      standing: (pin) => this.#standing(pin),
      locked: (ref) => lock?.get(definitionKey(ref))?.hash,
      approvedText: (ref) => this.approvedText(ref),
    });
  }

  #write({ before, made, text, isTwin }: Sighted): void {
    const { pin, change } = made;
    if (isTwin) this.#sql.copy.run(pin.ref.era, ...keyValues(otherForm(pin.ref)));
    if (change === undefined) return;
    const now = this.#options.now();
    const by = this.trustOf(pin.ref.upstream) === "locked" ? BY_LOCK : BY_ITSELF;
    const isOurs = change === "approved";
    this.#sql.see.run(
      ...keyValues(pin.ref),
      isOurs ? pin.seen : null,
      isOurs ? text : null,
      isOurs ? by : null,
      isOurs ? now : null,
      pin.seen,
      text,
      now,
      now,
      JSON.stringify(pin.suspicions),
    );
    this.#sql.queue.run(JSON.stringify(recordOf(made, before, by)));
  }

  /** In `locked` mode the file says what is approved. */
  #standing(pin: Pin): Pin {
    if (this.trustOf(pin.ref.upstream) !== "locked") return pin;
    const approved = this.#options.lock().get(definitionKey(pin.ref))?.hash;
    if (approved === pin.approved) return pin;
    return { ...pin, approved, standing: standingOf(approved, pin.seen) };
  }

  /** Hashes of an older algorithm are made again from the texts, so that nothing has to be asked. */
  #countAgain(): void {
    for (const row of this.#sql.all.all()) {
      const hashes = rehashed(row);
      if (hashes !== undefined)
        this.#sql.rehash.run(...hashes, ...keyValues(pinnedOf(row).pin.ref));
    }
  }

  #load(): void {
    const pins = this.#sql.all.all().map((row) => pinnedOf(row).pin);
    const before = this.#pins;
    this.#pins = new Map(pins.map((pin) => [definitionKey(pin.ref), pin]));
    if (!agree(before, this.#pins)) this.#revision += 1;
    this.#seenVersion = this.#version();
  }

  #loadIfChangedElsewhere(): void {
    this.#lookedAt = monotonicMillis();
    if (this.#version() !== this.#seenVersion) this.#load();
  }

  /** Changes only when another connection has written: a look into shared memory, not a query. */
  #version(): unknown {
    return this.#sql.version.get()?.["data_version"];
  }
}

/** Who approved what nobody had to. */
const BY_ITSELF = "sallyport";
const BY_LOCK = "lock file";
