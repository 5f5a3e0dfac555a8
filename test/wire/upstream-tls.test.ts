/** Whom an upstream over TLS must prove to be before anything is sent to it. */
import { createServer } from "node:https";
import { createServer as createPlainServer } from "node:net";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GATE, HOUSE_CA, SPIFFE, type Certificate } from "../support/certificates.ts";
import { startHttpGateway } from "../support/http-gateway.ts";
import { runSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-authority-"));
const authority = join(directory, "house.pem");
const servers: Server[] = [];
let asked = 0;

/** Each answer ends its connection, so that each call must prove the certificate anew. */
async function serve(certificate: Certificate): Promise<number> {
  const server = createServer({ ...certificate }, (_request, response) => {
    asked += 1;
    response.writeHead(200, { connection: "close" }).end("private");
  });
  return listening(server);
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

async function refusalOf(gate: SallyportProcess) {
  const reply = await fetch(`${gate.url}/web/x`);
  const { code, detail } = (await reply.json()) as { code: string; detail: string };
  return { status: reply.status, code, detail };
}

beforeAll(() => writeFileSync(authority, HOUSE_CA));
beforeEach(() => void (asked = 0));
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
});

describe("an upstream whose certificate a private authority signed", () => {
  it("is refused as one that cannot prove who it is, and sent nothing", async () => {
    await using gate = await startHttpGateway({
      upstreamUrl: `https://127.0.0.1:${await serve(GATE)}`,
    });
    expect(await refusalOf(gate)).toEqual({
      status: 502,
      code: "upstream_unreachable",
      detail: expect.stringMatching(/cannot prove who it is.*UNABLE_TO_.*ca_file/),
    });
    expect(asked).toBe(0);
  });

  it("answers where ca_file names that authority, for as long as the file does", async () => {
    await using gate = await startHttpGateway({
      upstreamUrl: `https://127.0.0.1:${await serve(GATE)}`,
      upstream: `ca_file: ${JSON.stringify(authority)}`,
    });
    const reply = await fetch(`${gate.url}/web/x`);
    expect([reply.status, await reply.text()]).toEqual([200, "private"]);
    const { output } = await runSallyport(["doctor", "--config", gate.configFile]);
    expect(output).toMatch(/web: https:\/\/127\.0\.0\.1:\d+ accepts connections/);

    writeFileSync(authority, SPIFFE.cert);
    expect(await refusalOf(gate)).toMatchObject({ code: "upstream_unreachable" });
    writeFileSync(authority, "no certificate at all");
    expect(await refusalOf(gate)).toMatchObject({ code: "upstream_unreachable" });
    writeFileSync(authority, HOUSE_CA);
    expect((await fetch(`${gate.url}/web/x`)).status).toBe(200);
    expect(asked).toBe(2);
  });

  it("is refused under another name than the certificate's", async () => {
    await using gate = await startHttpGateway({
      upstreamUrl: `https://127.0.0.1:${await serve(SPIFFE)}`,
      upstream: `ca_file: ${JSON.stringify(authority)}`,
    });
    const { code, detail } = await refusalOf(gate);
    expect([code, asked]).toEqual(["upstream_unreachable", 0]);
    expect(detail).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });
});

it("an upstream that speaks no TLS where it should cannot be reached", async () => {
  const port = await listening(
    createPlainServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    }),
  );
  await using gate = await startHttpGateway({ upstreamUrl: `https://127.0.0.1:${port}` });
  expect(await refusalOf(gate)).toMatchObject({ status: 502, code: "upstream_unreachable" });
});

it.each([
  ["is not there", join(directory, "missing.pem"), /ca_file of the upstream web .*missing\.pem/],
  ["is no certificate", import.meta.filename, /ca_file of the upstream web cannot be used/],
])("a ca_file that %s stops the start with 2, and is named", async (_what, file, words) => {
  const start = startHttpGateway({
    upstreamUrl: "https://127.0.0.1:1",
    upstream: `ca_file: ${JSON.stringify(file)}`,
  });
  await expect(start).rejects.toThrow(words);
  await expect(start).rejects.toMatchObject({ cause: { message: "it ended with 2" } });
});

it("a ca_file without TLS is a mistake of the configuration, at its place", async () => {
  await expect(
    startHttpGateway({ upstreamUrl: "http://127.0.0.1:1", upstream: "ca_file: /etc/house.pem" }),
  ).rejects.toThrow(/sallyport\.yaml:\d+:\d+: .*no TLS/);
});
