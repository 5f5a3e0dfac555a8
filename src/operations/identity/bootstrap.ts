/** The first key: made once, by whoever is on the machine or holds the bootstrap token. */
import { timingSafeEqual } from "node:crypto";
import { PLAN_DEFAULT, type Plan } from "../../core/identity/directory-entry.ts";
import { done, fault, type Answer } from "../../core/fault.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { KeyFamily } from "../../core/identity/key-family.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";
import { isLoopbackAddress } from "../../lib/is-loopback-address.ts";
import { isThisMachine } from "../../lib/is-this-machine.ts";
import { changeDirectory } from "./change-directory.ts";
import { newKey, type NewKey } from "./manage-keys.ts";

export interface FirstKeyWish {
  readonly name: string;
  readonly family: KeyFamily;
  /** Undefined: the tenant's, which is the highest. */
  readonly plan?: Plan | undefined;
}

export interface Bootstrapper {
  /** The socket's other end. */
  readonly ip: string;
  /** The name that was asked for: a page that a name led here (DNS rebinding) has its own. */
  readonly hostname: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly token: string | undefined;
}

export interface BootstrapTerms {
  /** Where one is configured, it is needed everywhere. */
  readonly token: string | undefined;
  /** Whether being on this machine is enough: not where agents share its loopback, as in a pod. */
  readonly local: boolean;
}

/** Whether somebody may begin, if nobody has begun yet. */
export function mayBegin(
  { ip, hostname, headers, token }: Bootstrapper,
  terms: BootstrapTerms,
): boolean {
  if (terms.token !== undefined) return isToken(token, terms.token);
  const isHere = isLoopbackAddress(ip) && isThisMachine(hostname);
  return terms.local && isHere && PROXY_FIELDS.every((name) => headers[name] === undefined);
}

/** A proxy on this machine says with them that it brings somebody from elsewhere. */
const PROXY_FIELDS = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

export function isToken(token: string | undefined, expected: string): boolean {
  if (token === undefined) return false;
  return timingSafeEqual(Buffer.from(sha256Hex(token)), Buffer.from(sha256Hex(expected)));
}

/** Makes the tenant and its first key in one step, so that two first callers cannot both win. */
export async function createFirstKey(
  { name, family, plan = PLAN_DEFAULT }: FirstKeyWish,
  ports: IdentityPorts,
): Promise<Answer<NewKey>> {
  const { store, now } = ports;
  if ((await store.get("tenant", DEFAULT_TENANT)) !== undefined) return BEGUN;
  const at = now();
  const wish = {
    family,
    name,
    holder: { kind: "service", name },
    role: "admin",
    scopes: [],
    plan,
    expiresAt: undefined,
  } as const;
  const made = newKey(wish, DEFAULT_TENANT, "bootstrap", at);
  const change = {
    change: "tenant.begun",
    about: DEFAULT_TENANT,
    by: "bootstrap",
    detail: { key: made.entry.id, name },
  };
  const tenant = {
    kind: "tenant",
    id: DEFAULT_TENANT,
    tenant: DEFAULT_TENANT,
    createdAt: at,
    body: { name: "default", plan: PLAN_DEFAULT, suspended: undefined },
  } as const;
  const written = await changeDirectory(
    change,
    [
      { kind: "put", entry: tenant, expect: "absent" },
      { kind: "put", entry: made.entry, expect: "absent" },
    ],
    ports,
  );
  if (written.kind === "done") {
    return done({ ...made, entry: { ...made.entry, revision: written.value } });
  }
  return written.fault.code === "conflict" ? BEGUN : written;
}

const BEGUN = fault(
  "unauthenticated",
  "The first key was made already: an administrator makes the others.",
);
