import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { ClientReply } from "../../../src/proxy/client-reply.ts";

const EVENT = Buffer.from("data: 1\n\n");

/** What the client gets of a stream that `play` begins and does not end. */
async function beginningOf(play: (reply: ClientReply, response: ServerResponse) => void) {
  const server = createServer((_, response) => {
    play(new ClientReply(response, "exc_1", 1_000), response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  return { status: answer.status, body: answer.body };
}

test("the head of a stream leaves before there is any body", async () => {
  const { status } = await beginningOf((reply) => {
    reply.head(200, ["content-type", "text/event-stream"]);
    reply.flushHead();
  });
  expect(status).toBe(200);
});

test("a head whose first event comes in the same turn leaves with it, not before", async () => {
  const flushed = vi.fn();
  const { body } = await beginningOf((reply, response) => {
    vi.spyOn(response, "flushHeaders").mockImplementation(flushed);
    reply.head(200, ["content-type", "text/event-stream"]);
    reply.flushHead();
    reply.write(EVENT, () => undefined);
  });
  const first = await body?.getReader().read();
  expect(Buffer.from(first?.value ?? "")).toEqual(EVENT);
  expect(flushed).not.toHaveBeenCalled();
});
