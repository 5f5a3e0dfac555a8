import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/app/config/load-config.ts";
import { diagnoseForwardProxy } from "../../../src/app/doctor/diagnose-forward-proxy.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

function load(text: string) {
  writeFileSync(join(directory, "sallyport.yaml"), text);
  const place = { flags: [], environment: {}, workingDirectory: directory };
  return loadConfig({ file: "sallyport.yaml", ...place });
}

function configOf(text: string) {
  const reply = load(text);
  if (reply.kind === "config") return reply.config;
  throw new Error(JSON.stringify(reply.problems));
}

describe("the forward proxy", () => {
  it("is off unless it is switched on, whatever else is said of it", () => {
    expect(configOf("forward_proxy: { connect_ports: [8443] }").forwardProxy).toBeUndefined();
    expect(diagnoseForwardProxy(configOf("{}"))).toEqual([]);
  });

  it("leads to the usual ports, refuses what it cannot look into, and lists nobody", () => {
    expect(configOf("forward_proxy: { enabled: true }").forwardProxy).toMatchObject({
      connectPorts: [443],
      httpPorts: [80],
      unscannable: "refuse",
      encryptedHello: "refuse",
      hosts: [],
    });
  });

  it.each(["connect_ports: [443, 4101]", "http_ports: [4100]"])(
    "is never led to the gate itself: %s",
    (ports) => {
      const reply = load(`forward_proxy: { enabled: true, ${ports} }`);
      expect(reply).toMatchObject({
        kind: "problems",
        problems: [{ message: expect.stringContaining("one of them is the gate's own") }],
      });
    },
  );

  it("shares its name with no upstream", () => {
    const reply = load('upstreams: [{ name: forward-proxy, url: "https://a.example" }]');
    expect(reply).toMatchObject({ kind: "problems" });
  });

  it("is warned about where it is wide open", () => {
    const open =
      'forward_proxy: { enabled: true, unscannable: pass, hosts: [{ host: "*", opaque: true }] }';
    expect(diagnoseForwardProxy(configOf(open))).toMatchObject([{ state: "warning" }]);
    const closed = "forward_proxy: { enabled: true }";
    expect(diagnoseForwardProxy(configOf(closed))).toMatchObject([
      { state: "ok", detail: "on: CONNECT to 443, http:// to 80" },
    ]);
  });
});
