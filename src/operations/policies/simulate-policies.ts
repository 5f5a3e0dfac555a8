/** What policies that are not in force would have made of a tenant's recorded traffic. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { BundleRecord } from "../../core/identity/directory-entry.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import type { Entry } from "../../core/ledger/entry.ts";
import {
  everythingOf,
  type LedgerFilter,
  type LedgerIndex,
} from "../../core/ledger/ledger-index.ts";
import { parseEntry } from "../../core/ledger/parse-entry.ts";
import { compilePolicies } from "../../core/policy/compile-policy.ts";
import type { ReplayPolicies } from "../../core/replay/replay-call.ts";
import type { Instant } from "../../core/units.ts";
import { asked } from "../records/read-records.ts";
import { sourcesBeside, versionsOf, type PolicyPorts } from "./manage-bundles.ts";
import { simulateTraffic, type SimulatedTraffic } from "./simulate-traffic.ts";

export interface SimulationWish {
  readonly candidate: Candidate;
  readonly agent: string | undefined;
  /** Not before; before. */
  readonly from: Instant;
  readonly to: Instant | undefined;
}

export type Candidate =
  /** A kept version of a bundle, in the place of the one in force. */
  | { readonly kind: "version"; readonly name: string; readonly version: number }
  /** Files that would be the bundle of that name, or one more. */
  | { readonly kind: "files"; readonly name: string; readonly files: BundleRecord["files"] }
  /** Files in the place of the operator's own. */
  | { readonly kind: "own_files"; readonly files: BundleRecord["files"] };

export interface SimulationPorts extends PolicyPorts {
  readonly index: LedgerIndex;
  /** Most of the record was made by them. */
  inForce(): Promise<ReplayPolicies>;
}

/** Records that one request looks at. */
export const SIMULATED_RECORDS_MAX = 200_000;
/** Read at once: their work is done between two turns of the event loop. */
const PAGE = 100;

export async function simulatePolicies(
  caller: Caller,
  { candidate, agent, from, to }: SimulationWish,
  ports: SimulationPorts,
): Promise<Answer<SimulatedTraffic>> {
  const compiled = await compileCandidate(caller, candidate, ports);
  if (compiled.kind === "fault") return compiled;
  const only = { kind: ["intent", "outcome"], ...(agent !== undefined && { agent: [agent] }) };
  const filter = { ...everythingOf(caller.tenant), only, from };
  const traffic = {
    entries: entriesOf(filter, ports.index),
    filter: { agent, tenant: caller.tenant, to },
    max: SIMULATED_RECORDS_MAX,
  };
  const decided = await ports.inForce();
  return asked(() => simulateTraffic(traffic, compiled.value, decided));
}

async function compileCandidate(
  caller: Caller,
  candidate: Candidate,
  ports: SimulationPorts,
): Promise<Answer<ReplayPolicies>> {
  const sources = await sourcesWith(caller, candidate, ports);
  if (sources.kind === "fault") return sources;
  const reply = compilePolicies(sources.value);
  if (reply.kind === "ok") return done({ digest: reply.snapshot.digest, rules: reply.rules });
  const count = reply.problems.length;
  const detail = `The policies have ${count} problem${count === 1 ? "" : "s"}.`;
  return fault("invalid", detail, { problems: reply.problems });
}

async function sourcesWith({ tenant }: Caller, candidate: Candidate, ports: SimulationPorts) {
  switch (candidate.kind) {
    case "own_files": {
      if (tenant !== DEFAULT_TENANT) {
        return fault("forbidden", "Only the operator's tenant may put other files in place.");
      }
      const files = candidate.files.map(({ name, text }) => ({ file: name, text }));
      return done(await sourcesBeside(tenant, undefined, { ...ports, files: () => files }));
    }
    case "files": {
      const { name, files } = candidate;
      return done(await sourcesBeside(tenant, { name, files, version: 0 }, ports));
    }
    case "version": {
      const versions = await versionsOf(tenant, candidate.name, ports);
      const found = versions.find(({ body }) => body.version === candidate.version);
      if (found !== undefined) return done(await sourcesBeside(tenant, found.body, ports));
      return fault("not_found", "There is no such version of a policy bundle.");
    }
  }
}

async function* entriesOf(filter: LedgerFilter, index: LedgerIndex): AsyncGenerator<Entry> {
  let after: string | undefined;
  do {
    const page = await index.page({ ...filter, order: "oldest", after, limit: PAGE });
    for (const { record } of page.records) {
      const entry = parseEntry(JSON.parse(record));
      if (entry !== undefined) yield entry;
    }
    after = page.next;
  } while (after !== undefined);
}
