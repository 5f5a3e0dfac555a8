/** Asks a server for its tools through the gate, like any agent: under a session of its own. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { id, type AgentId } from "../../core/units.ts";
import { createSession, revokeSession } from "../../operations/identity/manage-sessions.ts";
import type { DialectCore } from "../dialect-core.ts";
import { ensureAgent } from "./ensure-agent.ts";

/** Whose the question is, in the record. */
export const DISCOVERY: AgentId = id("haldir-discovery");
const SESSION_MS = 60_000;
/** Pages of a server's list; what lies behind them is found when it is called. */
const PAGES_MAX = 32;

export async function discoverTools(
  caller: Caller,
  credential: string | undefined,
  upstream: string,
  core: DialectCore,
): Promise<Answer<undefined>> {
  if (credential === undefined) return NEEDS_KEY;
  const { ports, listedAgents } = core.identity;
  const known = await ensureAgent(caller, DISCOVERY, core);
  if (known.kind === "fault") return known;
  const wish = {
    agent: DISCOVERY,
    scopes: ["read"],
    credentials: [],
    spendLimit: undefined,
    tokenLimit: undefined,
    task: `tools of ${upstream}`,
    container: undefined,
    ttl: SESSION_MS,
  } as const;
  const opened = await createSession(caller, wish, new Set(listedAgents.keys()), ports);
  if (opened.kind === "fault") return opened;
  const session = opened.value.id;
  try {
    return await readList({ credential, session, upstream }, core);
  } finally {
    await revokeSession(caller, session, ports);
  }
}

async function readList(
  asking: { readonly credential: string; readonly session: string; readonly upstream: string },
  { gate }: DialectCore,
): Promise<Answer<undefined>> {
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answered = await gate.listTools(asking, cursor);
    if (answered.kind === "refused") return fault("unavailable", answered.refusal.detail);
    const { nextCursor } = answered.result;
    if (typeof nextCursor !== "string" || nextCursor === cursor) break;
    cursor = nextCursor;
  }
  return done(undefined);
}

const NEEDS_KEY = fault("unauthenticated", "Without a key its tools cannot be asked for.");
