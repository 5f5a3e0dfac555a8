/** Which instance of a budget or a limit a call belongs to, and whether it is about it at all. */
import { impossible } from "../../lib/impossible.ts";
import type { Action } from "../action.ts";
import type { Principal } from "../principal.ts";
import type { Budget, Scope } from "./budget.ts";

/** The one instance of a budget without `per`. */
const EVERYBODY = "all";
const TAG = "tag.";

/**
 * The instance part of a key. A call without a value, such as one without a user, shares the
 * instance of all those without one: leaving a name out never opens a fresh budget.
 */
export function instanceOf(per: readonly Scope[], principal: Principal, action: Action): string {
  const [first] = per;
  if (first === undefined) return EVERYBODY;
  if (per.length === 1) return partOf(first, principal, action);
  return per.map((scope) => partOf(scope, principal, action)).join(",");
}

export function isCharged({ only }: Budget, principal: Principal, action: Action): boolean {
  if (only.length === 0) return true;
  return only.every(({ scope, values }) => values.includes(valueOf(scope, principal, action)));
}

/** Names that clients choose count only together with their agent's. */
function partOf(scope: Scope, principal: Principal, action: Action): string {
  if (scope === "session") return sessionOf(principal);
  if (scope === "run") return `${escapePart(principal.agent)}/${escapePart(principal.run ?? "")}`;
  if (scope !== "tool") return escapePart(valueOf(scope, principal, action));
  return action.kind === "tool" ? `${escapePart(action.upstream)}/${escapePart(action.tool)}` : "";
}

/** As a policy file would name it; empty where there is none. */
function valueOf(scope: Scope, principal: Principal, action: Action): string {
  switch (scope) {
    case "tenant":
      return principal.tenant;
    case "team":
      return principal.team ?? "";
    case "agent":
      return principal.agent;
    case "user":
      return principal.user ?? "";
    case "session":
      return principal.session;
    case "run":
      return principal.run ?? "";
    case "tool":
      return action.kind === "tool" ? `${action.upstream}.${action.tool}` : "";
    case "model":
      return action.kind === "llm" ? action.model : "";
    case "upstream":
      return action.upstream;
    default:
      return isTag(scope) ? tagOf(principal.tags, scope.slice(TAG.length)) : impossible(scope);
  }
}

/** Only names of its own: `tag.constructor` is no tag of an object without one. */
function tagOf(tags: Principal["tags"], name: string): string {
  return Object.hasOwn(tags, name) ? (tags[name] ?? "") : "";
}

function isTag(scope: Scope): scope is `tag.${string}` {
  return scope.startsWith(TAG);
}

export function sessionOf(principal: Principal): string {
  return `${escapePart(principal.agent)}/${escapePart(principal.session)}`;
}

/** Keys are `part|part|…`; escaped, so that two different instances never meet. */
export function escapePart(part: string): string {
  return /[%|/,]/.test(part) ? part.replace(/[%|/,]/g, encodeURIComponent) : part;
}

export function unescapePart(part: string): string {
  return part.replaceAll(/%(?:25|7C|2F|2C)/g, decodeURIComponent);
}
