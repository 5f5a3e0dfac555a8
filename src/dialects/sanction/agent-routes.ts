/** Sanction's `/api/v1/agents`. */
import { Type } from "typebox";
import { CLEARANCE_DEFAULT, type Entry } from "../../core/identity/directory-entry.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { done, type Answer } from "../../core/fault.ts";
import { id, type AgentId } from "../../core/units.ts";
import { randomToken } from "../../lib/ids.ts";
import { registerAgent } from "../../operations/identity/manage-agents.ts";
import { createKey, type NewKey } from "../../operations/identity/manage-keys.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { foreignWallet } from "./foreign-wallet.ts";
import { WORDING } from "./wording.ts";

const AgentJson = Type.Object({
  wallet_id: Type.String(),
  name: Type.String({ minLength: 1, maxLength: 64 }),
});
export const WalletQuery = Type.Object({ wallet_id: Type.String({ minLength: 1 }) });

const WARNING = "Store this API key now. It will not be shown again.";
/** Agents of one wallet that are listed; a key is looked for in as many. */
const LIST_MAX = 1_000;
const SUFFIX_BYTES = 4;

export function agentRoutes(api: DialectApi, core: DialectCore): void {
  const { ports } = core.identity;
  api.post(
    "/api/v1/agents",
    { schema: { body: AgentJson }, config: { asker: "owner" } },
    async (request, reply) => {
      const caller = callerOf(request);
      const { wallet_id: wallet, name } = request.body;
      const foreign = foreignWallet(caller, wallet);
      if (foreign !== undefined) return WORDING.fail(reply, foreign, request);
      const made = await register(caller, name, core);
      if (made.kind === "fault") return WORDING.fail(reply, made.fault, request);
      const { agent, key } = made.value;
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send({
          id: agent.body.name,
          name,
          api_key: key.key,
          api_key_prefix: key.entry.body.shown,
          wallet_id: wallet,
          created_at: new Date(agent.createdAt).toISOString(),
          warning: WARNING,
        });
    },
  );
  api.get(
    "/api/v1/agents",
    { schema: { querystring: WalletQuery }, config: { asker: "owner" } },
    async (request, reply) => {
      const { tenant, ...caller } = callerOf(request);
      const foreign = foreignWallet({ ...caller, tenant }, request.query.wallet_id);
      if (foreign !== undefined) return WORDING.fail(reply, foreign, request);
      const query = { tenant, limit: LIST_MAX };
      const [agents, keys] = await Promise.all([
        ports.store.list("agent", query),
        ports.store.list("key", query),
      ]);
      return { agents: agents.map((agent) => agentJson(agent, keys)) };
    },
  );
}

interface Registered {
  readonly agent: Entry<"agent">;
  readonly key: NewKey;
}

async function register(
  caller: Caller,
  shown: string,
  { identity: { ports, listedAgents } }: DialectCore,
): Promise<Answer<Registered>> {
  const listed = new Set(listedAgents.keys());
  const wish = (name: string) => ({
    name: id<AgentId>(name),
    team: undefined,
    user: undefined,
    tags: {},
    clearance: CLEARANCE_DEFAULT,
    // The name as it was given: policies and records know the agent by its id.
    description: name === shown ? undefined : shown,
    active: true,
    subjects: [],
  });
  const plain = idOf(shown);
  let agent = await registerAgent(caller, wish(plain), listed, ports);
  if (agent.kind === "fault" && TAKEN.has(agent.fault.code)) {
    const suffix = randomToken(SUFFIX_BYTES)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/gu, "0");
    agent = await registerAgent(caller, wish(`${plain}-${suffix}`), listed, ports);
  }
  if (agent.kind === "fault") return agent;
  const { name } = agent.value.body;
  const key = await createKey(
    caller,
    {
      family: "pxy",
      name,
      holder: { kind: "agent", agent: name },
      role: "agent",
      scopes: [],
      plan: undefined,
      expiresAt: undefined,
    },
    listed,
    ports,
  );
  return key.kind === "fault" ? key : done({ agent: agent.value, key: key.value });
}

const TAKEN: ReadonlySet<string> = new Set(["conflict", "changed_meanwhile"]);
const ID_CHARS_MAX = 48;

/** `Research Bot` is the agent `research-bot`. */
function idOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/gu, "-")
    .replaceAll(/^[^a-z0-9]+|-+$/gu, "")
    .slice(0, ID_CHARS_MAX);
  return plain === "" ? "agent" : plain;
}

function agentJson({ createdAt, body }: Entry<"agent">, keys: readonly Entry<"key">[]) {
  const own = keys.filter(
    ({ body: { holder } }) => holder.kind === "agent" && holder.agent === body.name,
  );
  const current = own.findLast(({ body: { revokedAt } }) => revokedAt === undefined) ?? own.at(-1);
  return {
    id: body.name,
    name: body.description ?? body.name,
    apiKeyPrefix: current?.body.shown ?? "",
    isActive: body.active,
    createdAt: new Date(createdAt).toISOString(),
  };
}
