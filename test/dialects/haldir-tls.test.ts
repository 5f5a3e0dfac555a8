import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { DNS, FOREIGN, GATE, GATE2, HOUSE_CA } from "../support/certificates.ts";
import { startHaldir, startToolServer } from "../support/haldir.ts";
import { tlsGet } from "../support/tls-get.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-haldir-tls-"));
const [certFile, keyFile] = [join(directory, "tls.crt"), join(directory, "tls.key")];
afterAll(() => rmSync(directory, { recursive: true }));

it("tools are called through a data plane that serves HTTPS, also after its certificate was renewed", async () => {
  await using server = await startToolServer();
  writeFileSync(certFile, GATE.cert);
  writeFileSync(keyFile, GATE.key);
  const haldir = await startHaldir({
    env: { SALLYPORT_LISTEN_TLS_CERT_FILE: certFile, SALLYPORT_LISTEN_TLS_KEY_FILE: keyFile },
  });
  await using gate = haldir.gate;
  const shop = { name: "shop", url: server.url };
  expect(await haldir.ask("POST", "/v1/proxy/upstreams", shop)).toMatchObject({
    status: 201,
    body: { healthy: true, tools_discovered: 4 },
  });

  const session_id = await haldir.session({ scopes: ["execute"] });
  const call = () =>
    haldir.ask("POST", "/v1/proxy/call", { tool: "list_customers", arguments: {}, session_id });
  expect(await call()).toMatchObject({ status: 200 });

  writeFileSync(certFile, GATE2.cert);
  writeFileSync(keyFile, GATE2.key);
  gate.child.kill("SIGHUP");
  await expect.poll(call).toMatchObject({ status: 200 });
  expect(server.ran).toContain("list_customers");
});

it("tools are called where every client of the data plane must have a certificate", async () => {
  await using server = await startToolServer();
  writeFileSync(certFile, GATE.cert);
  writeFileSync(keyFile, GATE.key);
  writeFileSync(join(directory, "ca.pem"), HOUSE_CA);
  const haldir = await startHaldir({
    env: {
      SALLYPORT_LISTEN_TLS_CERT_FILE: certFile,
      SALLYPORT_LISTEN_TLS_KEY_FILE: keyFile,
      SALLYPORT_LISTEN_TLS_CLIENT_CA_FILE: join(directory, "ca.pem"),
    },
  });
  await using gate = haldir.gate;
  const shop = { name: "shop", url: server.url };
  expect(await haldir.ask("POST", "/v1/proxy/upstreams", shop)).toMatchObject({ status: 201 });
  const session_id = await haldir.session({ scopes: ["execute"] });
  const call = { tool: "list_customers", arguments: {}, session_id };
  expect(await haldir.ask("POST", "/v1/proxy/call", call)).toMatchObject({ status: 200 });
  expect(server.ran).toContain("list_customers");

  const url = `https://127.0.0.1:${gate.port}/-/health`;
  await expect(tlsGet(url)).rejects.toThrow();
  await expect(tlsGet(url, FOREIGN)).rejects.toThrow();
  expect((await tlsGet(url, DNS)).status).toBe(404);
});
