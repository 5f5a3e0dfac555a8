/** Secrets as their keepers handle them: never a value, every change on the ledger. */
import { impossible } from "../../lib/impossible.ts";
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { changeOfTenant } from "../../core/ledger/change-of-tenant.ts";
import type { ChangeDetail } from "../../core/ledger/entry.ts";
import { isOwnSecret } from "../../core/secret/own-secret.ts";
import { SecretsUnreachable, type SecretChange } from "../../core/secret/secret-store.ts";
import type { SecretTerms } from "../../core/secret/secret-terms.ts";
import { valueProblem } from "../../core/secret/secret-value.ts";
import type { SecretName } from "../../core/units.ts";
import { viewOf, type SecretDesk, type SecretView } from "./secret-ports.ts";

export interface SecretPage {
  /** Names that sort after this one. */
  readonly after: string | undefined;
  readonly limit: number;
}

export interface SecretWish {
  readonly name: SecretName;
  readonly value: string;
  /** Undefined: those that the secret has. */
  readonly terms: SecretTerms | undefined;
  readonly mustBe: "absent" | "present" | "any";
}

/** Which one, and at which revision it must stand. */
export interface SecretTarget {
  readonly name: SecretName;
  readonly expect: number | "any";
}

export async function listSecrets(
  { tenant }: Caller,
  { after = "", limit }: SecretPage,
  ports: SecretDesk,
): Promise<Answer<readonly SecretView[]>> {
  return reading(async () => {
    const all = await ports.secrets.list(tenant);
    const page = all.filter(({ name }) => name > after && !isOwnSecret(name)).slice(0, limit);
    return done(page.map((entry) => viewOf(entry, ports)));
  });
}

export async function findSecret(
  { tenant }: Caller,
  name: SecretName,
  ports: SecretDesk,
): Promise<Answer<SecretView>> {
  return reading(async () => {
    const entry = isOwnSecret(name) ? undefined : await ports.secrets.find(tenant, name);
    return entry === undefined ? NO_SECRET : done(viewOf(entry, ports));
  });
}

/** A new secret, or a new version of one. */
export async function storeSecret(
  caller: Caller,
  { name, value, terms, mustBe }: SecretWish,
  expect: number | "any",
  ports: SecretDesk,
): Promise<Answer<SecretView>> {
  const found = terms === undefined ? await findSecret(caller, name, ports) : undefined;
  if (found?.kind === "fault") return found;
  const binding = (terms ?? found?.value.entry.terms)?.binding;
  const problem = valueProblem(value, binding);
  if (problem !== undefined) {
    return fault("invalid", `The value cannot be stored: ${problem}.`, { pointer: "/value" });
  }
  const change: SecretChange = { kind: "store", value, terms, mustBe };
  return changeSecret(caller, { name, expect }, { change, detail: termsDetail(terms) }, ports);
}

export async function amendSecret(
  caller: Caller,
  target: SecretTarget,
  changes: Partial<SecretTerms>,
  ports: SecretDesk,
): Promise<Answer<SecretView>> {
  const found = await findSecret(caller, target.name, ports);
  if (found.kind === "fault") return found;
  const { entry } = found.value;
  const terms = { ...entry.terms, ...changes };
  // What was read is what is changed, also for those who did not say which revision they saw.
  const expect = target.expect === "any" ? entry.revision : target.expect;
  const change: SecretChange = { kind: "amend", terms };
  const fields = Object.keys(changes).toSorted().join(" ");
  const step = { change, detail: { fields, ...termsDetail(terms) } };
  return changeSecret(caller, { name: target.name, expect }, step, ports);
}

export async function rollBackSecret(
  caller: Caller,
  target: SecretTarget,
  version: number,
  ports: SecretDesk,
): Promise<Answer<SecretView>> {
  const change: SecretChange = { kind: "roll_back", version };
  return changeSecret(caller, target, { change, detail: { version } }, ports);
}

/** All its versions, for good. */
export async function removeSecret(
  caller: Caller,
  target: SecretTarget,
  ports: SecretDesk,
): Promise<Answer<SecretView>> {
  return changeSecret(caller, target, { change: { kind: "remove" }, detail: {} }, ports);
}

interface Step {
  readonly change: SecretChange;
  readonly detail: ChangeDetail;
}

const VERBS = {
  store: "secret.stored",
  amend: "secret.amended",
  roll_back: "secret.rolled_back",
  remove: "secret.removed",
} as const satisfies Record<SecretChange["kind"], string>;

/** On the ledger first, then in the vault; a second record says so where the vault refused. */
async function changeSecret(
  caller: Caller,
  { name, expect }: SecretTarget,
  { change, detail }: Step,
  ports: SecretDesk,
): Promise<Answer<SecretView>> {
  const { ledger, secrets, now, heard } = ports;
  if (isOwnSecret(name)) return isNew(change) ? OWN_NAME : NO_SECRET;
  const said = { change: VERBS[change.kind], about: `secret:${name}`, by: caller.name, detail };
  const record = changeOfTenant(said, caller.tenant);
  if (!ledger.healthy || !(await ledger.change(record))) {
    return fault("unavailable", "Nothing was changed: the ledger cannot be written now.");
  }
  const place = { tenant: caller.tenant, name, expect, at: now() };
  const reply = await secrets.change(place, change);
  switch (reply.kind) {
    case "changed":
      // Whoever withdrew a secret may rely on it from the answer on.
      await heard?.();
      return done(viewOf(reply.entry, ports));
    case "refused":
      await ledger.change({ ...record, change: `${record.change}.refused` });
      return REFUSALS[reply.why];
    case "unreachable":
      await ledger.change({ ...record, change: `${record.change}.failed` });
      return unavailable(reply.cause);
    default:
      return impossible(reply);
  }
}

const NO_SECRET = fault("not_found", "There is no such secret.");

function isNew(change: SecretChange): boolean {
  return change.kind === "store" && change.mustBe !== "present";
}

const OWN_NAME = fault("invalid", "Names like this are kept for subscriptions.", {
  pointer: "/name",
});

const REFUSALS = {
  taken: fault("conflict", "There is a secret with this name already.", { pointer: "/name" }),
  absent: NO_SECRET,
  changed: fault("changed_meanwhile", "Somebody changed it meanwhile: read it again."),
  no_such_version: fault("not_found", "This version is not kept any more.", {
    pointer: "/version",
  }),
} as const;

/** Where it may go and who may have it: what an auditor asks first. */
function termsDetail(terms: SecretTerms | undefined): ChangeDetail {
  if (terms === undefined) return {};
  const { binding, deliver, scopeRequired, clearanceMin, allowedAgents } = terms;
  return {
    deliver,
    clearance_min: clearanceMin,
    ...(binding !== undefined && { origin: binding.origin }),
    ...(scopeRequired !== undefined && { scope_required: scopeRequired }),
    ...(allowedAgents.length > 0 && { allowed_agents: allowedAgents.join(" ") }),
  };
}

/** A vault that cannot be read is a fault, not an exception. */
export async function reading<T>(read: () => Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SecretsUnreachable) return unavailable(error);
    throw error;
  }
}

function unavailable(cause: Error): Answer<never> {
  const detail = "The vault cannot be used now; an operator finds the reason by: sallyport doctor.";
  return fault("unavailable", detail, { cause });
}
