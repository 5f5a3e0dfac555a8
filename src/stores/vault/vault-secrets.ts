/** What is done to the secrets of a vault on disk: stored, amended, rolled back, removed. */
import type { KeyObject } from "node:crypto";
import type { SecretChange, SecretPlace } from "../../core/secret/secret-store.ts";
import { valueProblem } from "../../core/secret/secret-value.ts";
import { impossible } from "../../lib/impossible.ts";
import { rewrapSecret, sealValue, type SealedSecret } from "./sealed-secret.ts";
import { VaultFault } from "./vault-fault.ts";
import { changeVault, draftVault, type ChangeSecrets } from "./vault-file.ts";
import type { VaultKeySource } from "./vault-key.ts";

/** A vault on disk. */
export interface VaultHome {
  readonly directory: string;
  readonly key: VaultKeySource;
}

/** A change that is not written yet. */
export interface VaultDraft {
  readonly reply: VaultReply;
  /** Of the whole vault with it; undefined where it changes nothing. */
  readonly text: string | undefined;
}

export type VaultReply =
  | { readonly kind: "changed"; readonly secret: SealedSecret }
  | { readonly kind: "refused"; readonly why: "taken" | "absent" | "changed" | "no_such_version" };

/** One change under the vault's lock, durable when this returns. Throws VaultFault. */
export function changeSecret(
  { directory, key: source }: VaultHome,
  place: SecretPlace,
  change: SecretChange,
): VaultReply {
  const made = stepOf(place, change);
  changeVault(directory, source, made.step);
  return made.reply();
}

/** The same, for who has to agree with others before it is written. Throws VaultFault. */
export function draftSecret(
  { directory, key: source }: VaultHome,
  place: SecretPlace,
  change: SecretChange,
): VaultDraft {
  const made = stepOf(place, change);
  const text = draftVault(directory, source, made.step);
  return { reply: made.reply(), text };
}

/** `reply` says what came of `step` once it was made. */
function stepOf(place: SecretPlace, change: SecretChange) {
  let reply: VaultReply = { kind: "refused", why: "absent" };
  const step: ChangeSecrets = (secrets, key) => {
    const { tenant, name, expect } = place;
    const before = secrets.find((one) => one.name === name && one.tenant === tenant);
    const isMoved = expect !== "any" && before !== undefined && before.revision !== expect;
    reply = isMoved ? { kind: "refused", why: "changed" } : changed({ before, place, change, key });
    if (reply.kind === "refused") return undefined;
    const others = secrets.filter((one) => one !== before);
    return change.kind === "remove" ? others : [...others, reply.secret];
  };
  return { step, reply: () => reply };
}

interface Step<C extends SecretChange = SecretChange> {
  readonly before: SealedSecret | undefined;
  readonly place: SecretPlace;
  readonly change: C;
  readonly key: KeyObject;
}

function changed({ before, place, change, key }: Step): VaultReply {
  if (change.kind === "store") return stored({ before, place, change, key });
  if (before === undefined) return { kind: "refused", why: "absent" };
  const touched = { ...before, revision: before.revision + 1, changedAt: place.at };
  switch (change.kind) {
    case "amend":
      return { kind: "changed", secret: trimmed(rewrapSecret(touched, key, key, change.terms)) };
    case "roll_back": {
      const isKept = before.versions.some(({ number }) => number === change.version);
      return isKept
        ? { kind: "changed", secret: { ...touched, current: change.version } }
        : { kind: "refused", why: "no_such_version" };
    }
    case "remove":
      return { kind: "changed", secret: before };
    default:
      return impossible(change);
  }
}

type Store = Extract<SecretChange, { kind: "store" }>;

function stored({ before, place, change, key }: Step<Store>): VaultReply {
  const { mustBe, value } = change;
  if (before !== undefined && mustBe === "absent") return { kind: "refused", why: "taken" };
  const terms = change.terms ?? before?.terms;
  if (terms === undefined || (before === undefined && mustBe === "present")) {
    return { kind: "refused", why: "absent" };
  }
  const problem = valueProblem(value, terms.binding);
  if (problem !== undefined) throw new VaultFault(`the value cannot be stored: ${problem}`);
  const { tenant, name, at } = place;
  const number = (before?.last ?? 0) + 1;
  const kept = before === undefined ? [] : rewrapSecret(before, key, key, terms).versions;
  const seals = sealValue(key, { tenant, name, version: number, terms }, value);
  const secret: SealedSecret = {
    tenant,
    name,
    terms,
    revision: (before?.revision ?? 0) + 1,
    current: number,
    last: number,
    versions: [...kept, { number, createdAt: at, ...seals }],
    createdAt: before?.createdAt ?? at,
    changedAt: at,
  };
  return { kind: "changed", secret: trimmed(secret) };
}

/** Without the versions that are too old to be kept; the current one always is. */
function trimmed(secret: SealedSecret): SealedSecret {
  const newest = secret.versions.slice(-secret.terms.keep);
  const current = secret.versions.filter(
    (version) => version.number === secret.current && !newest.includes(version),
  );
  return { ...secret, versions: [...current, ...newest] };
}
