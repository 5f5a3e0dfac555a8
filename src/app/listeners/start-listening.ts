import { once } from "node:events";
import type { Server } from "node:http";
import { listeningUrl } from "../../lib/listening-url.ts";
import type { Address } from "../config/config.ts";
import type { HttpListener } from "./http-listener.ts";
import type { CrewPlace } from "../workers/worker-messages.ts";

/**
 * Where the kernel gives each process of a crew a queue of its own. Elsewhere node:cluster hands
 * connections on; what it hands to a process that just died is never answered nor closed.
 *
 * @see https://nodejs.org/docs/latest-v24.x/api/net.html#serverlistenoptions-callback
 */
const SHARES_PORTS: ReadonlySet<string> = new Set(["linux", "freebsd", "sunos", "aix"]);

/** Resolves with the address once agents are answered there. */
export async function startListening(
  server: Server,
  address: Address,
  { scheme }: HttpListener,
  crew: CrewPlace | undefined,
): Promise<string> {
  const port = crew?.port ?? address.port;
  const reusePort = crew !== undefined && SHARES_PORTS.has(process.platform);
  server.listen({ host: address.host, port, reusePort });
  await once(server, "listening");
  return listeningUrl(server, address, scheme);
}
