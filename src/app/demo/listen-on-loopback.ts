import { once } from "node:events";
import type { Server } from "node:http";

export interface DemoServer {
  /** Origin, without a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Rejects with the system's error when the port is taken. */
export async function listenOnLoopback(server: Server, port: number): Promise<DemoServer> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
