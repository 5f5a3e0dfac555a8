/** Schemas that several resources share. */
import { CLEARANCES } from "../../core/identity/directory-entry.ts";
import { SESSION_SCOPE_PATTERN, type SessionScope } from "../../core/identity/agent-session.ts";
import { Type, type Static, type TSchema } from "typebox";

/** Names of agents, tenants and keys: safe in a path, a header and a log line. */
export const Name = Type.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
  description: "Letters, digits, `.`, `_` and `-`; at most 64.",
});

/** Of what is named here: one spelling, whatever the letters' case. */
export const SmallName = Type.String({
  pattern: "^[a-z0-9][a-z0-9._-]{0,63}$",
  description: "Small letters, digits, `.`, `_` and `-`; at most 64.",
});

/** Also what other systems call an agent: `ai_agent:support`, `bot@acme`. */
export const AgentName = Type.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$",
  description: "Letters, digits, `.`, `_`, `:`, `@` and `-`; at most 128.",
});

export const Scope = Type.Unsafe<SessionScope>(
  Type.String({
    pattern: SESSION_SCOPE_PATTERN,
    description: "What a session may do; `own:<word>` is needed by no action, but by secrets.",
  }),
);

export const Clearance = Type.Enum(CLEARANCES, {
  description: "What secrets and rules ask for.",
});

export const IdParams = Type.Object({ id: Type.String({ maxLength: 128 }) });

/** A document as handlers write it: an optional member may be undefined, and is then left out. */
export type Written<S extends TSchema> = {
  readonly [K in keyof Static<S>]: Static<S>[K] | AbsentIn<Static<S>, K>;
};

type AbsentIn<T, K extends keyof T> = object extends Pick<T, K> ? undefined : never;
