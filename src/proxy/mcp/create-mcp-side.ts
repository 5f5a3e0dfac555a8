import type { Millis } from "../../core/units.ts";
import type { BodyLimits } from "../data-plane-limits.ts";
import type { McpWays } from "../upstream-pools.ts";
import { FederationDoor } from "./federation/federation-door.ts";
import type { Members } from "./federation/namespace.ts";
import { innerSide, type InnerTools } from "./inner/inner-side.ts";
import { LegacyDoor } from "./legacy/legacy-door.ts";
import { MESSAGE_PATH, STREAM_PATH } from "./legacy/legacy-paths.ts";
import type { McpSide } from "./mcp-on-demand.ts";
import { ListWatch } from "./news/list-watch.ts";

export interface McpSideParts {
  readonly inner: InnerTools;
  readonly members: Members;
  readonly ways: McpWays;
  readonly body: BodyLimits;
  /** How the gate calls itself where a server must. */
  readonly version: string;
  /** How often it reads the lists of its servers; undefined: never. */
  readonly watchEvery: Millis | undefined;
}

/** The doors of MCP, over what is already open. */
export function createMcpSide(parts: McpSideParts): Omit<McpSide, keyof AsyncDisposable> {
  const { inner, members, ways, body, version, watchEvery } = parts;
  inner.tasks.connect((upstream) => innerSide(upstream, inner));
  const federation = new FederationDoor(members, version, body, inner);
  const legacy = new LegacyDoor(body, inner, (upstream) =>
    upstream === inner.federation ? federation.front : innerSide(upstream, inner),
  );
  const watch = watchEvery === undefined ? undefined : new ListWatch(members, watchEvery, inner);
  return {
    wire: inner.wire,
    to: (upstream, pool) => ways.to(upstream, pool),
    attend(arrival) {
      const { path, upstream } = arrival.head;
      if (path === STREAM_PATH || path === MESSAGE_PATH) return legacy.serve(arrival);
      return upstream === inner.federation ? federation.serve(arrival) : undefined;
    },
    look: () => watch?.look(),
    dismiss: () => watch?.[Symbol.dispose](),
  };
}
