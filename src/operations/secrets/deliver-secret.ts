/**
 * The one way in which a value leaves the vault in clear. Agents normally borrow secrets without
 * seeing them; this is for those that the contract promises to agents themselves.
 */
import { done, fault, type Answer } from "../../core/fault.ts";
import { isLive, type AgentSession } from "../../core/identity/agent-session.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { changeOfTenant } from "../../core/ledger/change-of-tenant.ts";
import { stopIdsOf } from "../../core/identity/stop.ts";
import { isOwnSecret } from "../../core/secret/own-secret.ts";
import { withheld, type Borrower, type SecretType } from "../../core/secret/secret-terms.ts";
import type { RevealedSecret } from "../../core/secret/secret-store.ts";
import type { Instant, SecretName } from "../../core/units.ts";
import { agentEntryId } from "../identity/manage-agents.ts";
import { findSession } from "../identity/manage-sessions.ts";
import { reading } from "./manage-secrets.ts";
import type { SecretPorts } from "./secret-ports.ts";

export interface Delivery {
  readonly name: SecretName;
  readonly type: SecretType;
  readonly version: number;
  readonly value: string;
  readonly at: Instant;
  /** Of the session, or of the secret where that ends sooner. */
  readonly expiresAt: Instant | undefined;
}

/** Under which right it is asked for. */
export type DeliveryRight =
  | { readonly kind: "session"; readonly session: string }
  /** The tenant's administrator reads what is theirs; some contracts let them, without a session. */
  | { readonly kind: "owner" };

export async function deliverSecret(
  caller: Caller,
  name: SecretName,
  right: DeliveryRight,
  ports: SecretPorts,
): Promise<Answer<Delivery>> {
  const holder = await holderOf(caller, right, ports);
  if (holder.kind === "fault") return holder;
  return reading(async () => {
    const revealed = await ports.secrets.reveal(caller.tenant, name);
    if (revealed === undefined || isOwnSecret(name)) {
      return fault("not_found", "There is no such secret.");
    }
    const refused = refusalOf(revealed, holder.value, ports.now());
    if (refused !== undefined) return refused;
    return handOver(caller, revealed, holder.value, ports);
  });
}

/** Whoever holds it afterwards; undefined: the tenant's administrator. */
type Holder = { readonly session: AgentSession; readonly borrower: Borrower } | undefined;

async function holderOf(
  caller: Caller,
  right: DeliveryRight,
  ports: SecretPorts,
): Promise<Answer<Holder>> {
  if (right.kind === "owner") {
    if (caller.role === "admin") return done(undefined);
    return fault("forbidden", "A secret is given out only under an agent's session.");
  }
  if (caller.role !== "agent" && caller.role !== "admin") {
    return fault("forbidden", "Secrets are given to agents and their administrators only.");
  }
  const found = await findSession(caller, right.session, ports);
  if (found.kind === "fault") return found;
  const session = found.value.body;
  if (!isLive(session, ports.now())) return fault("forbidden", "The session has ended.");
  const { agent, tenant } = session;
  const ids = stopIdsOf({ tenant, agent, session: session.id });
  const stops = await Promise.all(ids.map((id) => ports.store.get("stop", id)));
  if (stops.some((stop) => stop !== undefined)) {
    return fault("forbidden", "An operator has stopped this agent.");
  }
  const registered = await ports.store.get("agent", agentEntryId(tenant, agent));
  if (registered?.body.active === false) return fault("forbidden", "This agent is not active.");
  const clearance = registered?.body.clearance ?? 1;
  return done({ session, borrower: { tenant, agent, clearance, granted: session } });
}

function refusalOf(
  { entry }: RevealedSecret,
  holder: Holder,
  now: Instant,
): Answer<never> | undefined {
  const { name, terms } = entry;
  if (terms.expiresAt !== undefined && now >= terms.expiresAt) {
    return fault("gone", `The secret ${name} has expired.`);
  }
  if (!terms.deliver) {
    return fault("forbidden", `The secret ${name} is lent to upstreams only and never shown.`);
  }
  const why = holder && withheld(entry, holder.borrower, now);
  return why === undefined ? undefined : fault("forbidden", `The secret ${name} ${why}.`);
}

/** No record, no value. */
async function handOver(
  caller: Caller,
  { entry, value }: RevealedSecret,
  holder: Holder,
  { ledger, uses, now }: SecretPorts,
): Promise<Answer<Delivery>> {
  const { tenant, name, current, terms } = entry;
  const session = holder?.session;
  const change = {
    change: "secret.delivered",
    about: `secret:${name}`,
    by: caller.name,
    detail: {
      version: current,
      ...(session !== undefined && { agent: session.agent, session: session.id }),
    },
  };
  if (!ledger.healthy || !(await ledger.change(changeOfTenant(change, tenant)))) {
    return fault("unavailable", "Nothing was given out: the ledger cannot be written now.");
  }
  const at = now();
  uses.add(tenant, name, at);
  const ends = [session?.expiresAt, terms.expiresAt].filter((end) => end !== undefined);
  const expiresAt = ends.toSorted((a, b) => a - b)[0];
  return done({ name, type: terms.type, version: current, value, at, expiresAt });
}
