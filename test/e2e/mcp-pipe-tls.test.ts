import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { GATE } from "../support/certificates.ts";
import { runSallyport, startSallyport } from "../support/sallyport-process.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-pipe-tls-"));
const [certFile, keyFile] = [join(directory, "tls.crt"), join(directory, "tls.key")];
afterAll(() => rmSync(directory, { recursive: true }));

it("`sallyport mcp` speaks for a gate that serves HTTPS, whoever signed its certificate", async () => {
  writeFileSync(certFile, GATE.cert);
  writeFileSync(keyFile, GATE.key);
  await using gate = await startSallyport({
    config: `agents: [{ name: bot }]\nidentity: { loopback_agent: bot }\nupstreams: []\n`,
    policies: {},
    env: { SALLYPORT_LISTEN_TLS_CERT_FILE: certFile, SALLYPORT_LISTEN_TLS_KEY_FILE: keyFile },
  });
  const clientInfo = { name: "host", version: "1" };
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
  const { code, stdout, output } = await runSallyport(["mcp", "--config", gate.configFile], {
    env: { SALLYPORT_LISTEN_TLS_CERT_FILE: certFile, SALLYPORT_LISTEN_TLS_KEY_FILE: keyFile },
    input: `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params })}\n`,
  });
  expect(code, output).toBe(0);
  expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({
    id: 1,
    result: { serverInfo: { name: expect.any(String) } },
  });
});
