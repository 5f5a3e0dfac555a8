/** Registers MCP servers with a gate that runs, for processes that only learn a server's address. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { administer } from "./management.ts";
import type { SallyportProcess } from "./sallyport-process.ts";

export interface UpstreamRegistrar extends AsyncDisposable {
  /** A POST of a server's address is answered with the address behind the gate. */
  readonly url: string;
}

const TRIES_MAX = 200;
const PAUSE_MS = 50;

export async function startUpstreamRegistrar(gate: SallyportProcess): Promise<UpstreamRegistrar> {
  const ask = await administer(gate);
  let count = 0;
  const register = async (server: string): Promise<string> => {
    count += 1;
    const name = `registered-${count}`;
    await ask("POST", "/upstreams", { name, wire: "mcp", url: server, allow_private: true });
    const url = `${gate.url}/mcp/${name}`;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      // No method of MCP: known upstreams answer it without asking their server.
      const { status } = await fetch(url, { method: "PUT" });
      if (status !== 404) return url;
      await setTimeout(PAUSE_MS);
    }
    throw new Error(`${name} was not there in time`);
  };
  const listener = createServer((request, response) => {
    void text(request)
      .then(register)
      .then(
        (url) => response.end(url),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
