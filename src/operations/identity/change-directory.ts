/** The one way into the directory: what changes is on the ledger first, then in the store. */
import { impossible } from "../../lib/impossible.ts";
import { done, fault, type Answer } from "../../core/fault.ts";
import { StoreUnreachable, type Write } from "../../core/identity/directory-store.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { changeOfTenant } from "../../core/ledger/change-of-tenant.ts";
import type { Change } from "../../core/ledger/entry.ts";

/**
 * Answers with the new revision. A change that the store then refuses has a second record that says
 * so: the ledger may tell of changes that did not come to be, never the other way round.
 */
export async function changeDirectory(
  said: Change,
  writes: readonly Write[],
  { store, ledger, heard }: IdentityPorts,
): Promise<Answer<number>> {
  const put = writes.find((write) => write.kind === "put");
  const change = put === undefined ? said : changeOfTenant(said, put.entry.tenant);
  if (!ledger.healthy || !(await ledger.change(change))) {
    return fault("unavailable", "Nothing was changed: the ledger cannot be written now.");
  }
  const reply = await store.write(...writes).catch((error: unknown) => unreachable(error));
  switch (reply.kind) {
    case "written":
      // Whoever stopped an agent may rely on it from the answer on.
      await heard?.();
      return done(reply.revision);
    case "conflict":
      await ledger.change({ ...change, change: `${change.change}.refused` });
      return reply.why === "taken"
        ? fault("conflict", `There is ${nounOf(change)} with this name already.`)
        : fault("changed_meanwhile", "Somebody changed it meanwhile: read it again.");
    case "unreachable":
      await ledger.change({ ...change, change: `${change.change}.failed` });
      return fault("unavailable", "The directory cannot be reached now.", { cause: reply.cause });
    default:
      return impossible(reply);
  }
}

/** Whoever is overtaken reads again and writes again, so often at most. */
const TRIES_MAX = 8;

/** `attempt` reads and writes; tried again while somebody else wrote in between. */
export async function untilNotOvertaken<T>(attempt: () => Promise<Answer<T>>): Promise<Answer<T>> {
  let answered = await attempt();
  for (let tries = 1; tries < TRIES_MAX && wasOvertaken(answered); tries += 1) {
    answered = await attempt();
  }
  return answered;
}

/** By `attempt`, which is given what must stand there. `*` writes over nothing that it did not read. */
export function editEntry<T>(
  expect: number | "any",
  attempt: (expected: (read: { readonly revision: number }) => number) => Promise<Answer<T>>,
): Promise<Answer<T>> {
  return expect === "any"
    ? untilNotOvertaken(() => attempt(({ revision }) => revision))
    : attempt(() => expect);
}

function wasOvertaken(answered: Answer<unknown>): boolean {
  return answered.kind === "fault" && answered.fault.code === "changed_meanwhile";
}

function unreachable(error: unknown): { readonly kind: "unreachable"; readonly cause: Error } {
  if (error instanceof StoreUnreachable) return { kind: "unreachable", cause: error };
  throw error;
}

function nounOf({ change }: Change): string {
  const noun = change.slice(0, change.indexOf(".")).replaceAll("_", " ");
  return /^[aeio]/u.test(noun) ? `an ${noun}` : `a ${noun}`;
}
