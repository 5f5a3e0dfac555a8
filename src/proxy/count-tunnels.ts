import type { Cuttable, TunnelKind } from "./forward-http.ts";

export type TunnelCounts = Readonly<Record<TunnelKind, number>>;

/** Of what is open, by looking: a tunnel more or less must not cost every exchange a counter. */
export function countTunnels(open: Iterable<Cuttable>): TunnelCounts {
  const counts = { connect: 0, websocket: 0 };
  for (const { tunnel } of open) if (tunnel !== undefined) counts[tunnel] += 1;
  return counts;
}
