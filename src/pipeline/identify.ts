/**
 * Stage 1 of 11. Says who is asking. A key that is shown must be right: a wrong one never falls
 * back to the loopback agent, or a typo would quietly act as somebody else.
 */
import type { Agent, Directory } from "../core/directory.ts";
import { NO_CLAIMS, type Claims, type Principal } from "../core/principal.ts";
import { id, type SessionId } from "../core/units.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import type { Presented } from "./ask.ts";

export const SESSION_CHARS_MAX = 128;

/** Printable ASCII without space: safe in a log line, a header and a key of any store. */
const NAME = new RegExp(`^[\\x21-\\x7e]{1,${SESSION_CHARS_MAX}}$`, "u");

const WHERE_THE_KEY_GOES =
  "Send the agent's Sallyport key in the x-sallyport-key header, or where the SDK puts the " +
  "provider's API key.";

const UNKNOWN_KEY = halt({
  code: "unauthenticated",
  detail: "The Sallyport key that was sent belongs to no agent.",
  remedy: `${WHERE_THE_KEY_GOES} An operator lists agents and their keys in the configuration.`,
});

const NO_KEY = halt({
  code: "unauthenticated",
  detail: "No Sallyport key was sent, and this sidecar serves nobody without one.",
  remedy: WHERE_THE_KEY_GOES,
});

export function identify(presented: Presented, directory: Directory): Verdict<Principal> {
  if (presented.key !== undefined) {
    const agent = directory.byKey(presented.key);
    if (agent === undefined) return UNKNOWN_KEY;
    return pass(principalOf(agent, presented, directory, "api_key"));
  }
  const agent = presented.loopback ? directory.loopbackAgent : undefined;
  if (agent === undefined) return NO_KEY;
  return pass(principalOf(agent, presented, directory, "loopback"));
}

function principalOf(
  agent: Agent,
  { session, claims }: Presented,
  { accepts }: Directory,
  provenBy: Principal["provenBy"],
): Principal {
  return {
    agent: agent.id,
    tenant: agent.tenant,
    session: sessionOf(agent, session),
    team: agent.team,
    user: agent.user ?? (accepts.has("user") ? nameOf(claims.user) : undefined),
    run: nameOf(claims.run),
    tags: claims.tags === NO_CLAIMS.tags ? agent.tags : tagsOf(agent, claims, accepts),
    provenBy,
  };
}

/** The operator's word wins over the client's; a name that nobody asked for is not kept. */
function tagsOf(agent: Agent, claims: Claims, accepts: ReadonlySet<string>): Principal["tags"] {
  const tags: Record<string, string> = {};
  for (const name in claims.tags) {
    const value = accepts.has(`tag.${name}`) ? nameOf(claims.tags[name]) : undefined;
    if (value !== undefined) tags[name] = value;
  }
  return { ...tags, ...agent.tags };
}

function nameOf(text: string | undefined): string | undefined {
  return text !== undefined && NAME.test(text) ? text : undefined;
}

/** A name that cannot be kept is as good as none: the agent's standing session. */
function sessionOf(agent: Agent, session: string | undefined): SessionId {
  return id(nameOf(session) ?? `${agent.id}/default`);
}
