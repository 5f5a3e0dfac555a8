import { once } from "node:events";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { HeadSender } from "../../../src/stores/ledger/send-heads.ts";

test("heads are appended to a file in their order", async () => {
  const directory = mkdtempSync(join(tmpdir(), "heads-"));
  const path = join(directory, "heads.jsonl");
  const failed = vi.fn();
  const sender = new HeadSender({ kind: "file", path }, failed);
  for (const line of ["one", "two", "three"]) sender.send(line);
  await sender.close();
  await eventually(() => expect(readFileSync(path, "utf8")).toBe("one\ntwo\nthree\n"));
  expect(failed).not.toHaveBeenCalled();
  rmSync(directory, { recursive: true });
});

test("a target that refuses is told of once and asked again until it takes all", async () => {
  const taken: string[] = [];
  let refusals = 2;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => void (body += chunk.toString()));
    request.on("end", () => {
      const refuses = refusals-- > 0;
      if (!refuses) taken.push(body);
      response.writeHead(refuses ? 503 : 204).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const failed = vi.fn();
  const sender = new HeadSender({ kind: "http", url: `http://127.0.0.1:${port}/heads` }, failed);
  sender.send("one");
  sender.send("two");
  await eventually(() => expect(taken).toEqual(["one", "two"]));
  expect(failed).toHaveBeenCalledTimes(1);
  await sender.close();
  server.close();
});
