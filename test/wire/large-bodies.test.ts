import { createServer, request as httpRequest, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { startHttpGateway } from "../support/http-gateway.ts";
import type { SallyportProcess } from "../support/sallyport-process.ts";

const PIECE = Buffer.alloc(1024 * 1024, 7);
const PIECES = 200;
const SIZE = PIECE.length * PIECES;
/** Below SIZE: whoever buffers the body fails. What there is, is chunks the collector has not met. */
const GROWTH_MB_MAX = 150;

interface Writable {
  write(chunk: Buffer): boolean;
  once(event: "drain", listener: () => void): unknown;
  end(): void;
}

function pour(into: Writable): void {
  let left = PIECES;
  const more = (): void => {
    while (left > 0) {
      left -= 1;
      if (!into.write(PIECE)) return void into.once("drain", more);
    }
    into.end();
  };
  more();
}

async function startMirror(): Promise<{ server: Server; url: string; received(): number }> {
  let received = 0;
  const server = createServer((request, response) => {
    request.on("data", (chunk: Buffer) => (received += chunk.length));
    request.on("end", () => pour(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, url: `http://127.0.0.1:${address.port}`, received: () => received };
}

async function residentMb({ child }: SallyportProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

it("carries a large body up and another down in flat memory", { timeout: 90_000 }, async () => {
  const mirror = await startMirror();
  await using gateway = await startHttpGateway({ upstreamUrl: mirror.url });
  const before = await residentMb(gateway);
  let peak = before;
  const down = await new Promise<number>((resolve, reject) => {
    let bytes = 0;
    const request = httpRequest(`${gateway.url}/web/big`, { method: "PUT" });
    request.on("error", reject);
    request.on("response", (response) => {
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes % (8 * PIECE.length) < chunk.length) {
          void residentMb(gateway).then((mb) => (peak = Math.max(peak, mb)));
        }
      });
      response.on("end", () => resolve(bytes));
      response.on("error", reject);
    });
    pour(request);
  });
  mirror.server.close();
  expect({ up: mirror.received(), down }).toEqual({ up: SIZE, down: SIZE });
  expect(peak - before).toBeLessThan(GROWTH_MB_MAX);
});
