/** Haldir's `/v1/keys`. */
import { Type } from "typebox";
import type { FastifyRequest } from "fastify";
import { fault, type Answer } from "../../core/fault.ts";
import { EVERYBODY, type Caller } from "../../core/identity/caller.ts";
import { createFirstKey, isToken, mayBegin } from "../../operations/identity/bootstrap.ts";
import { createKey, type NewKey } from "../../operations/identity/manage-keys.ts";
import { callerIfAny, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { Label, Text } from "./fields.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { TIERS, tierOf, type Tier } from "./tiers.ts";
import { answer } from "./wording.ts";

const NewKeyJson = Type.Object({
  name: Type.Optional(Label),
  tier: Type.Optional(Type.Enum(TIERS)),
  bootstrap_token: Type.Optional(Text),
});

const ONCE = "Store this key now: it is not shown again.";

export function keyRoutes(api: DialectApi, { core }: HaldirParts): void {
  api.post(
    "/v1/keys",
    {
      schema: { body: NewKeyJson },
      config: { anonymous: true, needs: { role: "admin", scope: "keys:write" } },
    },
    async (request, reply) => {
      const { name = "", tier = "free", bootstrap_token: token } = request.body;
      const wish = { name: name === "" ? "default" : name, tier };
      return answer(reply, 201, await makeKey(request, wish, token, core), keyJson);
    },
  );
}

interface Wish {
  readonly name: string;
  readonly tier: Tier;
}

/** The first key is anybody's on this machine; the others are made by a key, or by the token. */
async function makeKey(
  request: FastifyRequest,
  wish: Wish,
  token: string | undefined,
  { identity: { ports }, bootstrap, environment, open }: DialectCore,
): Promise<Answer<NewKey>> {
  const caller = callerIfAny(request);
  if (caller !== undefined && !open) return furtherKey(caller, wish, ports);
  const { ip, hostname, headers } = request;
  const bootstrapper = { ip, hostname, headers, token };
  const hasToken = holds(token, environment[TOKEN_VARIABLE]) || holds(token, bootstrap.token);
  if (!hasToken && !mayBegin(bootstrapper, bootstrap)) return NOBODYS;
  const first = await createFirstKey({ family: "hld", name: wish.name, plan: wish.tier }, ports);
  const isBegun = first.kind === "fault" && first.fault.code === "unauthenticated";
  if (!isBegun) return first;
  if (!hasToken && !open) return NOBODYS;
  return furtherKey({ ...EVERYBODY, name: "bootstrap" }, wish, ports);
}

/** As documented: it makes further keys. Ours is needed for the first one, too. */
const TOKEN_VARIABLE = "HALDIR_BOOTSTRAP_TOKEN";

function holds(token: string | undefined, expected: string | undefined): boolean {
  return expected !== undefined && expected !== "" && isToken(token, expected);
}

function furtherKey(
  caller: Caller,
  { name, tier }: Wish,
  ports: DialectCore["identity"]["ports"],
): Promise<Answer<NewKey>> {
  const holder = { kind: "service", name } as const;
  const rights = { role: "admin", scopes: caller.scopes } as const;
  const wish = {
    family: "hld",
    name,
    holder,
    ...rights,
    plan: tier,
    expiresAt: undefined,
  } as const;
  return createKey(caller, wish, NO_AGENTS, ports);
}

/** It is a service's. */
const NO_AGENTS: ReadonlySet<string> = new Set();

const NOBODYS = fault(
  "unauthenticated",
  "Missing, invalid or revoked API key; the first key is made on the machine itself, further " +
    "ones with a key or the bootstrap token.",
);

function keyJson({ entry, key }: NewKey) {
  const { shown, name, plan } = entry.body;
  return { key, prefix: shown, name, tier: tierOf(plan), message: ONCE };
}
