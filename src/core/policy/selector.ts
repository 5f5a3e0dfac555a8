import type { Action, HttpAction, McpAction } from "../action.ts";
import { impossible } from "../../lib/impossible.ts";
import {
  matchesAnyName,
  matchesAnyPath,
  nameGlob,
  pathGlob,
  type Glob,
  type PathGlob,
} from "./glob.ts";
import type { Effect, GlobClause, SelectorClause } from "./policy-file.ts";

/** What a rule selects. An empty list narrows nothing, except for tools, which are always named. */
export type Selector =
  | { readonly kind: "tool"; readonly tools: readonly Glob[] }
  | {
      readonly kind: "llm";
      readonly models: readonly Glob[];
      readonly upstreams: readonly Glob[];
      readonly operations: readonly Glob[];
    }
  | {
      readonly kind: "http";
      readonly upstreams: readonly Glob[];
      readonly hosts: readonly Glob[];
      readonly methods: readonly Glob[];
      readonly paths: readonly PathGlob[];
      /** Rules that restrict also fit every path that a server could take for one of theirs. */
      readonly restricts: boolean;
      /** Deny rules admit everything: a forgotten key must not open a hole. */
      readonly admits: Readonly<Record<"unknown_endpoint" | "upgrade", boolean>>;
    }
  | {
      readonly kind: "mcp";
      readonly upstreams: readonly Glob[];
      readonly methods: readonly Glob[];
      readonly names: readonly Glob[];
      readonly targets: readonly Glob[];
    };

/** The part of a selector that an action does not fit; undefined where all fit. */
export type Misfit =
  | "kind"
  | "tool"
  | "model"
  | "upstream"
  | "operation"
  | "host"
  | "method"
  | "path"
  | "special"
  | "name";

export function compileSelector(clause: SelectorClause, effect: Effect): Selector {
  switch (clause.kind) {
    case "tool":
      return { kind: "tool", tools: globs(clause.tools) };
    case "llm":
      return {
        kind: "llm",
        models: globs(clause.models),
        upstreams: globs(clause.upstreams),
        operations: globs(clause.operations),
      };
    case "http": {
      const { allowUnknown, upgrade } = clause;
      const denies = effect === "deny";
      return {
        kind: "http",
        upstreams: globs(clause.upstreams),
        hosts: globs(clause.hosts),
        methods: globs(clause.methods),
        paths: clause.paths.map(({ text }) => pathGlob(text)),
        restricts: effect !== "allow",
        admits: { unknown_endpoint: denies || allowUnknown, upgrade: denies || upgrade },
      };
    }
    case "mcp":
      return {
        kind: "mcp",
        upstreams: globs(clause.upstreams),
        methods: globs(clause.methods),
        names: globs(clause.names),
        targets: globs(clause.targets),
      };
    default:
      return impossible(clause);
  }
}

function globs(clauses: readonly GlobClause[]): readonly Glob[] {
  return clauses.map(({ text }) => nameGlob(text));
}

/** The name that rules are indexed by. */
export function keyOf(action: Action): string {
  switch (action.kind) {
    case "tool":
      return `${action.upstream}.${action.tool}`;
    case "llm":
      return action.model;
    case "http":
    case "mcp":
      return action.upstream;
    default:
      return impossible(action);
  }
}

/** The globs that must match `keyOf` an action; empty: any. */
export function keyGlobs(selector: Selector): readonly Glob[] {
  switch (selector.kind) {
    case "tool":
      return selector.tools;
    case "llm":
      return selector.models;
    case "http":
    case "mcp":
      return selector.upstreams;
    default:
      return impossible(selector);
  }
}

export function misfitOf(selector: Selector, action: Action): Misfit | undefined {
  switch (selector.kind) {
    case "tool":
      if (action.kind !== "tool") return "kind";
      return matchesAnyName(selector.tools, keyOf(action)) ? undefined : "tool";
    case "llm":
      if (action.kind !== "llm") return "kind";
      if (!matchesAnyName(selector.upstreams, action.upstream)) return "upstream";
      if (!matchesAnyName(selector.operations, action.operation)) return "operation";
      return matchesAnyName(selector.models, action.model) ? undefined : "model";
    case "http":
      return action.kind === "http" ? httpMisfit(selector, action) : "kind";
    case "mcp":
      if (action.kind !== "mcp") return "kind";
      if (!matchesAnyName(selector.upstreams, action.upstream)) return "upstream";
      if (!matchesAnyName(selector.methods, action.method)) return "method";
      return isNamedBy(selector, action) ? undefined : "name";
    default:
      return impossible(selector);
  }
}

/** A call without a name is named by no glob. */
function isNamedBy(
  { names, targets }: Extract<Selector, { kind: "mcp" }>,
  { upstream, name }: McpAction,
): boolean {
  if (names.length === 0 && targets.length === 0) return true;
  if (name === undefined) return false;
  if (targets.length > 0 && !matchesAnyName(targets, `${upstream}.${name}`)) return false;
  return matchesAnyName(names, name);
}

function httpMisfit(
  selector: Extract<Selector, { kind: "http" }>,
  action: HttpAction,
): Misfit | undefined {
  if (action.special !== undefined && !selector.admits[action.special]) return "special";
  if (!matchesAnyName(selector.upstreams, action.upstream)) return "upstream";
  if (!matchesAnyName(selector.methods, action.method)) return "method";
  if (!matchesAnyName(selector.hosts, action.host)) return "host";
  if (matchesAnyPath(selector.paths, action.path)) return undefined;
  if (!selector.restricts) return "path";
  return matchesAnyPath(selector.paths, asServersMayRead(action.path)) ? undefined : "path";
}

/** An encoded slash decoded, a last slash gone. */
function asServersMayRead(path: string): string {
  const decoded = path.includes("%") ? path.replaceAll(/%2f/gi, "/") : path;
  return decoded.length > 1 && decoded.endsWith("/") ? decoded.slice(0, -1) : decoded;
}
