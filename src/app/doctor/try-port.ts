import { once } from "node:events";
import { createServer } from "node:net";
import type { Address } from "../config/config.ts";

/** Listens there for a moment, alone. Rejects with the system's error where somebody else does. */
export async function tryPort({ host, port }: Address): Promise<void> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, "listening");
  server.close();
  await once(server, "close");
}
