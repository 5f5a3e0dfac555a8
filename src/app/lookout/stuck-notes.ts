/** What a process that was stuck in a look has left behind, put on the record at the next start. */
import { readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Facts } from "../../core/evidence.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { isJsonObject } from "../../core/json.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import type { Principal } from "../../core/principal.ts";
import { id, instant } from "../../core/units.ts";
import type { LookSide } from "../../pipeline/stages.ts";
import type { Upstream } from "../../core/upstream.ts";
import { newFacts } from "../../operations/govern.ts";

export interface StuckNote {
  /** Milliseconds of the epoch. */
  readonly at: number;
  /** Side, exchange, upstream, method, tenant, agent and path, a line each; empty: no exchange's. */
  readonly lookedAt: string;
}

const NOTE = /^stuck-\d+\.json$/;
/** Stands for as long as looks of this data directory are careful; operators delete it. */
export const LAST_NOTE = "stuck.json";

/** Whether a process of this data directory was ever stuck, since somebody last looked into it. */
export function wasStuck(directory: string): boolean {
  return readdirSync(directory).some((name) => name === LAST_NOTE || NOTE.test(name));
}

/** Each note goes on the record once, also where several processes start at the same time. */
export async function recordStuck(
  directory: string,
  ledger: Pick<Ledger, "outcome" | "event">,
  upstreams: readonly Upstream[],
): Promise<readonly StuckNote[]> {
  const recorded: StuckNote[] = [];
  for (const name of readdirSync(directory).filter((one) => NOTE.test(one))) {
    if (isAlive(Number(/\d+/.exec(name)?.[0]))) continue;
    const note = takeNote(directory, name);
    if (note === undefined) continue;
    recorded.push(note);
    const facts = factsOf(note, upstreams);
    if (facts === undefined) await ledger.event(eventOf(note));
    else await ledger.outcome(facts);
  }
  return recorded;
}

/** A neighbour that is only slow takes its note back by itself. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Undefined: another process was quicker, or nobody can read it. */
function takeNote(directory: string, name: string): StuckNote | undefined {
  const last = join(directory, LAST_NOTE);
  try {
    renameSync(join(directory, name), last);
    const note: unknown = JSON.parse(readFileSync(last, "utf8"));
    if (!isJsonObject(note)) return undefined;
    const { at, lookedAt } = note;
    return typeof at === "number" && typeof lookedAt === "string" ? { at, lookedAt } : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined: an answer or a message, whose exchange is closed as unknown already, or an upstream that is gone. */
function factsOf({ at, lookedAt }: StuckNote, upstreams: readonly Upstream[]): Facts | undefined {
  const { side, exchange, name, method, tenant, agent, path } = namesIn(lookedAt);
  const upstream = upstreams.find((one) => one.name === name);
  if (side !== REQUEST || upstream === undefined) return undefined;
  const facts = newFacts({ exchange: id(exchange), at: instant(at), upstream, method, path });
  if (agent !== "") facts.principal = principalOf(tenant, agent);
  facts.outcome = { kind: "refused", code: "internal", detail: DETAIL };
  return facts;
}

interface Names {
  readonly side: string;
  readonly exchange: string;
  readonly name: string;
  readonly method: string;
  readonly tenant: string;
  readonly agent: string;
  /** As much of it as there was room for. */
  readonly path: string;
}

function namesIn(lookedAt: string): Names {
  const [side = "", exchange = "", name = "", method = "", ...rest] = lookedAt.split("\n");
  const [tenant = "", agent = "", path = ""] = rest;
  return { side, exchange, name, method, tenant, agent, path };
}

const REQUEST: LookSide = "request";

const DETAIL = "A look at this request did not end, so the process was ended.";

/** As much as there was time to write down. */
function principalOf(tenant: string, agent: string): Principal {
  return {
    agent: id(agent),
    tenant: id(tenant),
    session: id(""),
    team: undefined,
    user: undefined,
    run: undefined,
    tags: {},
    provenBy: "api_key",
  };
}

function eventOf({ at, lookedAt }: StuckNote): Parameters<Ledger["event"]>[0] {
  const { side, exchange, name, method, tenant, agent, path } = namesIn(lookedAt);
  const subject = side === "" ? "a text" : `this ${side}`;
  return {
    id: `stuck-${at}`,
    tenant: tenant === "" ? DEFAULT_TENANT : id(tenant),
    action: "look_stuck",
    agent: agent === "" ? undefined : id(agent),
    session: undefined,
    user: undefined,
    upstream: name === "" ? undefined : name,
    tool: undefined,
    model: undefined,
    cost: undefined,
    flagged: true,
    reason: `A look at ${subject} did not end, so the process was ended.`,
    details: undefined,
    data: side === "" ? { at } : { at, side, exchange, method, path },
    by: "lookout",
  };
}
