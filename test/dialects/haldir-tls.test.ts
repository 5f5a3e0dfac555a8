import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { GATE, GATE2 } from "../support/certificates.ts";
import { startHaldir, startToolServer } from "../support/haldir.ts";

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
