import type { Scope } from "../money/budget.ts";

/** Scopes as files name them; beside these, `tag.<name>`. */
export const SCOPES = [
  "tenant",
  "team",
  "agent",
  "user",
  "session",
  "run",
  "tool",
  "model",
  "upstream",
] as const satisfies readonly Scope[];

const TAG = /^tag\.[a-z0-9][a-z0-9._-]{0,63}$/;

export function scopeOf(text: string): Scope | undefined {
  return SCOPES.find((scope) => scope === text) ?? (isTag(text) ? text : undefined);
}

function isTag(text: string): text is `tag.${string}` {
  return TAG.test(text);
}
