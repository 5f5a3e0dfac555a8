/**
 * Upstreams that a tenant registers, beside those of the configuration. A name means one upstream
 * for the whole installation, because it is a path of the data plane.
 */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { JsonObject } from "../../core/json.ts";
import type { TenantId } from "../../core/units.ts";
import type { Upstream } from "../../core/upstream.ts";
import { changeDirectory } from "../identity/change-directory.ts";
import { findEntry } from "../identity/find-entry.ts";

export interface UpstreamPorts extends IdentityPorts {
  /** Of the configuration, and Sallyport itself. */
  readonly configured: ReadonlyMap<string, Upstream>;
  /** Reads an entry as the configuration's `upstreams` are read. */
  read(entry: JsonObject, tenant: TenantId): UpstreamReading;
}

export type UpstreamReading =
  | { readonly kind: "upstream"; readonly upstream: Upstream }
  | {
      readonly kind: "problems";
      /** `pointer`: into the entry. */
      readonly problems: readonly { readonly pointer: string; readonly message: string }[];
    };

/** Live on every replica with the next look at the directory. */
export async function registerUpstream(
  caller: Caller,
  entry: JsonObject,
  ports: UpstreamPorts,
): Promise<Answer<Entry<"upstream">>> {
  const { tenant } = caller;
  const reading = ports.read(entry, tenant);
  if (reading.kind === "problems") return wrong(reading.problems);
  const { name, origin, wire } = reading.upstream;
  if (ports.configured.has(name)) return TAKEN;
  const stored = {
    kind: "upstream",
    id: name,
    tenant,
    createdAt: ports.now(),
    body: { name, entry, createdBy: caller.name },
  } as const;
  const change = {
    change: "upstream.registered",
    about: `upstream:${name}`,
    by: caller.name,
    detail: { origin, wire },
  };
  const write = { kind: "put", entry: stored, expect: "absent" } as const;
  const written = await changeDirectory(change, [write], ports);
  if (written.kind === "done") return done({ ...stored, revision: written.value });
  // Whose it is, is nobody's business.
  return written.fault.code === "conflict" ? TAKEN : written;
}

/** What runs on it goes on to its end. */
export async function removeUpstream(
  caller: Caller,
  name: string,
  ports: UpstreamPorts,
): Promise<Answer<undefined>> {
  if (ports.configured.has(name)) {
    return fault("conflict", `The configuration lists ${name}: it is changed there.`);
  }
  const found = await findEntry("upstream", name, caller, ports);
  if (found.kind === "fault") return found;
  const { tenant, revision } = found.value;
  const change = {
    change: "upstream.removed",
    about: `upstream:${name}`,
    by: caller.name,
    detail: {},
  };
  const write = { kind: "remove", of: "upstream", id: name, tenant, expect: revision } as const;
  const written = await changeDirectory(change, [write], ports);
  return written.kind === "fault" ? written : done(undefined);
}

const TAKEN = fault("conflict", "There is an upstream with this name already.", {
  pointer: "/name",
});

function wrong(
  problems: readonly { readonly pointer: string; readonly message: string }[],
): Answer<never> {
  const [first] = problems;
  const detail = problems.map(({ pointer, message }) => `${pointer} ${message}`.trim()).join(". ");
  return fault("invalid", `${detail}.`, { pointer: first?.pointer ?? "" });
}
