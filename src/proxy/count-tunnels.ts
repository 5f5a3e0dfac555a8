import type { Cuttable, TunnelKind } from "./forward-http.ts";

export type TunnelCounts = Readonly<Record<TunnelKind, number>>;

/** Goes over what is open: a counter would cost every exchange something, for a few tunnels. */
export function countTunnels(open: Iterable<Cuttable>): TunnelCounts {
  const counts = { connect: 0, websocket: 0 };
  for (const { tunnel } of open) if (tunnel !== undefined) counts[tunnel] += 1;
  return counts;
}
