import type { Server } from "node:net";

/** Where a server that listens is reached; `port` may have been 0. */
export function listeningUrl(server: Server, host: string, port: number): string {
  const bound = server.address();
  const actual = bound !== null && typeof bound === "object" ? bound.port : port;
  return `http://${host.includes(":") ? `[${host}]` : host}:${actual}`;
}
