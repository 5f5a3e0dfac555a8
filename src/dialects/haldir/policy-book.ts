/** A tenant's policies as they were made here: one bundle, in force beside all others. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { TenantId } from "../../core/units.ts";
import { activeBundle, replaceBundle } from "../../operations/policies/manage-bundles.ts";
import type { DialectCore } from "../dialect-core.ts";
import { documentJson, EMPTY, readDocument, type HaldirDocument } from "./policy-document.ts";
import { policyFile } from "./policy-rules.ts";

const BUNDLE = "haldir";
const FILE = "haldir.yaml";
/** Another process may write at the same time; more often than this, the caller is told. */
const TRIES_MAX = 4;
/** Tenants whose bundle is known to be there. */
const KNOWN_MAX = 10_000;

export interface PolicyBook {
  read(tenant: TenantId): Promise<HaldirDocument>;
  /** Sessions have rights by it, so it must be there before the first of them. */
  ensure(caller: Caller): Promise<void>;
  /** In force for the caller's next request when it answers. */
  change(
    caller: Caller,
    change: (before: HaldirDocument) => HaldirDocument,
  ): Promise<Answer<HaldirDocument>>;
}

export function createPolicyBook({ policies, gate }: DialectCore): PolicyBook {
  const { ports } = policies;
  const known = new Set<TenantId>();
  let turn: Promise<unknown> = Promise.resolve();

  /** One change after the other: those of this process never meet. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const changed = turn.then(change, change);
    turn = changed.catch(() => undefined);
    return changed;
  }

  async function stored(tenant: TenantId): Promise<HaldirDocument | undefined> {
    const bundle = await activeBundle(tenant, BUNDLE, ports);
    return bundle?.body.origin && readDocument(bundle.body.origin.document);
  }

  async function write(caller: Caller, document: HaldirDocument): Promise<Answer<HaldirDocument>> {
    const files = [{ name: FILE, text: policyFile(document) }];
    const origin = { door: BUNDLE, document: documentJson(document) };
    const written = await replaceBundle(caller, { name: BUNDLE, files, origin }, ports);
    if (written.kind === "fault") return written;
    await gate.inForce((await policies.snapshot()).digest);
    return done(document);
  }

  async function changeStored(
    caller: Caller,
    change: (before: HaldirDocument) => HaldirDocument,
  ): Promise<Answer<HaldirDocument>> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const before = (await stored(caller.tenant)) ?? EMPTY;
      const written = await write(caller, change(before));
      if (written.kind === "done" || !isRace(written.fault.code)) return explained(written);
    }
    return BUSY;
  }

  return {
    read: async (tenant) => (await stored(tenant)) ?? EMPTY,
    async ensure(caller) {
      const { tenant, role } = caller;
      if (known.has(tenant)) return;
      if ((await stored(tenant)) === undefined) {
        if (role !== "admin") return;
        const made = await inTurn(() => changeStored(caller, (before) => before));
        if (made.kind === "fault") return;
      }
      if (known.size >= KNOWN_MAX) known.clear();
      known.add(tenant);
    },
    change: (caller, change) => inTurn(() => changeStored(caller, change)),
  };
}

const BUSY = fault("unavailable", "Policies are being changed by others: try again.", {
  retryAfter: 1,
});

function isRace(code: string): boolean {
  return code === "conflict" || code === "changed_meanwhile";
}

/** The language's own sentence: it names the member that is too long or too much. */
function explained(written: Answer<HaldirDocument>): Answer<HaldirDocument> {
  const problem = written.kind === "fault" ? written.fault.problems?.[0] : undefined;
  if (written.kind === "done" || problem === undefined) return written;
  return fault("invalid", `${written.fault.detail} ${problem.file}: ${problem.message}.`);
}
