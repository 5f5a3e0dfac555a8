import type { Server } from "node:net";

/** Where a server that listens is reached; `port` may have been 0. */
export function listeningUrl(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  scheme: "http" | "https" = "http",
): string {
  const bound = server.address();
  const actual = bound !== null && typeof bound === "object" ? bound.port : port;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${actual}`;
}
