/**
 * The upstreams that there are: those of the configuration, Sallyport itself, and those that
 * tenants registered, kept in step with the directory. The maps are changed in place, so that
 * whoever holds them sees what is there now; an exchange keeps the upstream it began with.
 */
import type { UpstreamOfTenant } from "../core/identity/access-index.ts";
import type { Upstream } from "../core/upstream.ts";
import { readUpstreamEntry, type EntryProblem } from "./config/read-upstream-entry.ts";
import type { Config } from "./config/config.ts";
import { OWN_UPSTREAM } from "./own-upstream.ts";

export interface UpstreamRoster {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** MCP servers, in the order in which lists show them. */
  readonly members: ReadonlyMap<string, Upstream>;
  /** Whether there are any but Sallyport itself. */
  readonly hasServers: boolean;
  /** Looks at the directory; answers with the upstreams that are no more. */
  refresh(): readonly Upstream[];
}

/** `dropped` hears of each registered upstream that is not served, and why. */
export function createUpstreamRoster(
  config: Pick<Config, "upstreams" | "api">,
  registered: () => readonly UpstreamOfTenant[],
  dropped: (one: UpstreamOfTenant, problems: readonly EntryProblem[]) => void,
): UpstreamRoster {
  const upstreams = new Map<string, Upstream>();
  const members = new Map<string, Upstream>();
  const fixed = [...config.upstreams, OWN_UPSTREAM];
  const resolved = new Map<UpstreamOfTenant, Upstream>();
  let seen: readonly UpstreamOfTenant[] | undefined;

  function refresh(): readonly Upstream[] {
    const now = registered();
    if (now === seen) return [];
    const before = new Set(seen);
    seen = now;
    const gone = [...resolved].filter(([one]) => !now.includes(one));
    for (const [one] of gone) resolved.delete(one);
    for (const one of now) {
      if (!resolved.has(one) && !before.has(one)) keep(one);
    }
    // The operator's win: a name that the configuration takes is no tenant's any more.
    fill(upstreams, [...resolved.values(), ...fixed]);
    fill(members, [...upstreams.values()].filter(isMcp).toSorted(byName));
    return gone.map(([, upstream]) => upstream);
  }

  /** What the configuration no longer allows is not there. */
  function keep(one: UpstreamOfTenant): void {
    const allowPrivate = config.api.privateUpstreams;
    const reply = readUpstreamEntry(one.record.entry, one.tenant, { allowPrivate });
    if (reply.kind === "upstream") resolved.set(one, reply.upstream);
    else dropped(one, reply.problems);
  }

  refresh();
  return {
    upstreams,
    members,
    get hasServers() {
      return [...members.values()].some((member) => member !== OWN_UPSTREAM);
    },
    refresh,
  };
}

function fill(map: Map<string, Upstream>, all: readonly Upstream[]): void {
  map.clear();
  for (const upstream of all) map.set(upstream.name, upstream);
}

function isMcp({ wire }: Upstream): boolean {
  return wire === "mcp";
}

function byName(a: Upstream, b: Upstream): number {
  return a.name < b.name ? -1 : 1;
}
