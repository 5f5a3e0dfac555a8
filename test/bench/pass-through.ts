/** The baseline: node:http in, undici Pool.dispatch out, small bodies written at once. No policy. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Pool, type Dispatcher } from "undici";

const SMALL_BYTES = 131_072;
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "host",
  "content-length",
]);

const pool = new Pool(process.argv[2] ?? "", { connections: 1024, pipelining: 1 });

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #chunks: Buffer[] | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** A client that left must not keep one of the pool's connections. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.once("close", () => {
      if (!this.#response.writableFinished) controller.abort(new Error("the client left"));
    });
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    const flat: string[] = [];
    for (const name in headers) {
      const value = headers[name];
      if (name === "connection" || name === "keep-alive" || name === "transfer-encoding") continue;
      if (typeof value === "string") flat.push(name, value);
    }
    this.#response.writeHead(status, flat);
    if (Number(headers["content-length"] ?? Number.NaN) <= SMALL_BYTES) this.#chunks = [];
    else this.#response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#chunks !== undefined) this.#chunks.push(chunk);
    else if (!this.#response.write(chunk)) {
      controller.pause();
      this.#response.once("drain", () => controller.resume());
    }
  }

  onResponseEnd(): void {
    const chunks = this.#chunks;
    if (chunks === undefined) this.#response.end();
    else this.#response.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

function relay(request: IncomingMessage, response: ServerResponse, body: Buffer | null): void {
  const headers: string[] = [];
  const { rawHeaders } = request;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, rawHeaders[i + 1] ?? "");
  }
  const path = (request.url ?? "/").replace(/^\/bench/, "");
  pool.dispatch({ path, method: request.method ?? "GET", headers, body }, new Relay(response));
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const [first = null] = chunks;
    relay(request, response, chunks.length > 1 ? Buffer.concat(chunks) : first);
  });
});
server.listen(0, "127.0.0.1", 4096, () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ port: address.port });
});
process.on("disconnect", () => process.exit(0));
