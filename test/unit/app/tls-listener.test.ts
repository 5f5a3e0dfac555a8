import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openListener } from "../../../src/app/listeners/http-listener.ts";
import { startManagement } from "../../../src/manage/management.ts";
import { GATE } from "../../support/certificates.ts";
import { tlsGet } from "../../support/tls-get.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-listener-"));
const at = (name: string): string => join(directory, name);
afterAll(() => rmSync(directory, { recursive: true }));

it("the management listener serves HTTPS, to pages of its own origin alone", async () => {
  writeFileSync(at("tls.crt"), GATE.cert);
  writeFileSync(at("tls.key"), GATE.key);
  const address = { host: "127.0.0.1", port: 0 };
  const tls = {
    certFile: at("tls.crt"),
    keyFile: at("tls.key"),
    clientCaFile: undefined,
    clientAuth: "required",
  } as const;
  using listener = await openListener({ ...address, tls }, () => undefined);
  const vitals = {
    checks: async () => [],
    status: async () => {
      throw new Error("nobody asks");
    },
    metrics: async () => ({ contentType: "text/plain", text: "" }),
    failed: () => undefined,
  };
  const management = await startManagement(address, {
    listener,
    vitals,
    native: async () => () => undefined,
    mounted: [],
    publicUrl: "https://gate.example.com",
  });
  try {
    expect(management.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const ask = (origin: string) =>
      tlsGet(`${management.url}/livez`, undefined, { origin }).then(({ status }) => status);
    expect(await ask(management.url)).toBe(200);
    expect(await ask(management.url.replace("https", "http"))).toBe(403);
  } finally {
    await management.close();
  }
});
