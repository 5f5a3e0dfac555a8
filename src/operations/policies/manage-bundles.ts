/**
 * Policies made through an API: bundles of files, each version kept, one of them active. They bind
 * the agents of their tenant beside the operator's own files, and pass the same checks.
 */
import { done, fault, type Answer } from "../../core/fault.ts";
import { sourcesOf } from "../../core/identity/bundle-sources.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { BundleRecord, Entry } from "../../core/identity/directory-entry.ts";
import type { EVERY_TENANT, Write } from "../../core/identity/directory-store.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { compilePolicies, type PolicySource } from "../../core/policy/compile-policy.ts";
import { canonicalJson, sha256Hex } from "../../lib/canonical-json.ts";
import type { TenantId } from "../../core/units.ts";
import { changeDirectory } from "../identity/change-directory.ts";

export interface PolicyPorts extends IdentityPorts {
  /** The operator's own, as they are now. */
  files(): readonly PolicySource[];
}

export interface BundleWish {
  readonly name: string;
  readonly files: BundleRecord["files"];
  /** What a door wrote the files from, to show it again. */
  readonly origin?: BundleRecord["origin"];
  /** The newest version that whoever wrote it had seen; undefined: they did not say. */
  readonly after?: number | undefined;
}

/** Versions of one bundle that are kept; the oldest ones go. */
const VERSIONS_MAX = 100;
/** Entries read at once. */
const PAGE = 200;

/** The next version, checked, not yet in force. */
export async function proposeBundle(
  caller: Caller,
  wish: BundleWish,
  ports: PolicyPorts,
): Promise<Answer<Entry<"bundle">>> {
  return write(caller, wish, "proposed", ports);
}

/** The next version, in force at once in place of the one before. */
export async function replaceBundle(
  caller: Caller,
  wish: BundleWish,
  ports: PolicyPorts,
): Promise<Answer<Entry<"bundle">>> {
  return write(caller, wish, "activated", ports);
}

/** Also the way back: any kept version may be active again. */
export async function activateBundle(
  caller: Caller,
  { name, version }: { readonly name: string; readonly version: number },
  ports: PolicyPorts,
): Promise<Answer<Entry<"bundle">>> {
  const versions = await versionsOf(caller.tenant, name, ports);
  const chosen = versions.find(({ body }) => body.version === version);
  if (chosen === undefined) return NO_BUNDLE;
  const problem = await check(caller.tenant, chosen.body, ports);
  if (problem !== undefined) return problem;
  const body = { ...chosen.body, active: true };
  const writes: Write[] = [{ kind: "put", entry: { ...chosen, body }, expect: chosen.revision }];
  const change = {
    change: "policy.activated",
    about: `policy:${name}`,
    by: caller.name,
    detail: { version, digest: body.digest },
  };
  const others = versions.filter((entry) => entry !== chosen);
  const written = await changeDirectory(change, [...retirements(others), ...writes], ports);
  return written.kind === "fault" ? written : done({ ...chosen, body, revision: written.value });
}

/** No version is in force any more; all are kept. */
export async function retireBundle(
  caller: Caller,
  name: string,
  ports: PolicyPorts,
): Promise<Answer<undefined>> {
  const versions = await versionsOf(caller.tenant, name, ports);
  if (versions.length === 0) return NO_BUNDLE;
  const change = { change: "policy.retired", about: `policy:${name}`, by: caller.name, detail: {} };
  const written = await changeDirectory(change, retirements(versions), ports);
  return written.kind === "fault" ? written : done(undefined);
}

/** Oldest first. */
export async function versionsOf(
  tenant: TenantId,
  name: string,
  { store }: IdentityPorts,
): Promise<readonly Entry<"bundle">[]> {
  const found = await store.list("bundle", { tenant, owner: name, limit: VERSIONS_MAX + 1 });
  return found.toSorted((a, b) => a.body.version - b.body.version);
}

/** The version in force, if any. */
export async function activeBundle(
  tenant: TenantId,
  name: string,
  ports: IdentityPorts,
): Promise<Entry<"bundle"> | undefined> {
  return (await versionsOf(tenant, name, ports)).find(({ body }) => body.active);
}

/** All that are in force, by tenant and name. */
export async function activeBundles(
  tenant: TenantId | typeof EVERY_TENANT,
  { store }: Pick<IdentityPorts, "store">,
): Promise<readonly Entry<"bundle">[]> {
  const active: Entry<"bundle">[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store.list("bundle", { tenant, after, limit: PAGE });
    active.push(...page.filter(({ body }) => body.active));
    if (page.length < PAGE) return active;
    after = page.at(-1)?.id;
  }
}

async function write(
  caller: Caller,
  { name, files, origin, after }: BundleWish,
  verb: "proposed" | "activated",
  ports: PolicyPorts,
): Promise<Answer<Entry<"bundle">>> {
  const { tenant } = caller;
  const before = await versionsOf(tenant, name, ports);
  const newest = before.at(-1)?.body.version ?? 0;
  if (after !== undefined && after !== newest) {
    const detail = `Somebody else has written version ${newest}: look at it, then write again.`;
    return fault("changed_meanwhile", detail);
  }
  const version = newest + 1;
  const body: BundleRecord = {
    name,
    version,
    files,
    digest: sha256Hex(canonicalJson(files.map((file) => [file.name, file.text]))),
    active: verb === "activated",
    createdBy: caller.name,
    origin,
  };
  const problem = await check(tenant, body, ports);
  if (problem !== undefined) return problem;
  const entry = {
    kind: "bundle",
    id: `${tenant}/${name}/${String(version).padStart(9, "0")}`,
    tenant,
    createdAt: ports.now(),
    body,
  } as const;
  const change = {
    change: `policy.${verb}`,
    about: `policy:${name}`,
    by: caller.name,
    detail: { version, digest: body.digest },
  };
  const retired = verb === "activated" ? retirements(before) : [];
  const writes: Write[] = [...retired, { kind: "put", entry, expect: "absent" }];
  const written = await changeDirectory(change, [...writes, ...removals(before)], ports);
  return written.kind === "fault" ? written : done({ ...entry, revision: written.value });
}

/** Everything that would be in force together, with the candidate in its namesake's place. */
export async function sourcesBeside(
  tenant: TenantId,
  candidate: Pick<BundleRecord, "name" | "version" | "files"> | undefined,
  ports: PolicyPorts,
): Promise<readonly PolicySource[]> {
  const active = await activeBundles(tenant, ports);
  const others = active.filter(({ body }) => body.name !== candidate?.name);
  return [
    ...ports.files(),
    ...others.flatMap(({ body }) => sourcesOf(tenant, body)),
    ...(candidate === undefined ? [] : sourcesOf(tenant, candidate)),
  ];
}

/** Undefined where it compiles. */
async function check(
  tenant: TenantId,
  candidate: BundleRecord,
  ports: PolicyPorts,
): Promise<Answer<never> | undefined> {
  const reply = compilePolicies(await sourcesBeside(tenant, candidate, ports));
  if (reply.kind === "ok") return undefined;
  const count = reply.problems.length;
  const detail = `The policies have ${count} problem${count === 1 ? "" : "s"}; nothing was changed.`;
  return fault("invalid", detail, { problems: reply.problems });
}

function retirements(versions: readonly Entry<"bundle">[]): readonly Write[] {
  return versions
    .filter(({ body }) => body.active)
    .map((entry) => {
      const body = { ...entry.body, active: false };
      return { kind: "put", entry: { ...entry, body }, expect: entry.revision };
    });
}

/** Of the oldest versions that are not in force, to keep the number of all in its bound. */
function removals(before: readonly Entry<"bundle">[]): readonly Write[] {
  const surplus = Math.max(0, before.length + 1 - VERSIONS_MAX);
  return before
    .filter(({ body }) => !body.active)
    .slice(0, surplus)
    .map(({ id, tenant, revision }) => ({
      kind: "remove",
      of: "bundle",
      id,
      tenant,
      expect: revision,
    }));
}

const NO_BUNDLE = fault("not_found", "There is no such version of a policy bundle.");
