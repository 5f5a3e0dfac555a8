/**
 * The official conformance suite, once per revision: against a server directly, and against the
 * same server through Sallyport. What a client can observe must be the same.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startConformanceServer, type ConformanceServer } from "../support/conformance-server.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const SUITE = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url),
);

let server: ConformanceServer;
let sallyport: SallyportProcess;

beforeAll(async () => {
  server = await startConformanceServer();
  sallyport = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: fixture, wire: mcp, url: "${server.url}", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: tools, tools: ["fixture.*"], effect: allow }
  - { id: rest, mcp: { upstreams: [fixture] }, effect: allow }
`,
    },
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

interface Check {
  readonly id: string;
  readonly status: string;
}

/** `scenario: check status`, sorted: what was looked at and how it came out. */
async function verdicts(args: readonly string[]): Promise<readonly string[]> {
  const output = mkdtempSync(join(tmpdir(), "sallyport-conformance-"));
  try {
    const child = spawn(process.execPath, [SUITE, ...args, "--timeout", "10000", "-o", output], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    await once(child, "close");
    return readdirSync(output, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith("checks.json"))
      .flatMap((name) => {
        // The folder is the scenario and the time at which it ran.
        const scenario = name.replace(/-\d{4}-\d\d-\d\dT[^/]*\/checks\.json$/, "");
        const checks: Check[] = JSON.parse(readFileSync(join(output, name), "utf8"));
        return checks.map(({ id, status }) => `${scenario}: ${id} ${status}`);
      })
      .toSorted((a, b) => (a < b ? -1 : 1));
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

describe.each(["2025-11-25", "2026-07-28"])("the server scenarios of %s", (revision) => {
  it("come out through Sallyport as they do directly", { timeout: 120_000 }, async () => {
    const suite = (url: string): Promise<readonly string[]> =>
      verdicts(["server", "--url", url, "--requirements", revision]);
    const [direct, through] = await Promise.all([
      suite(server.url),
      suite(`${sallyport.url}/mcp/fixture`),
    ]);
    expect(direct.filter((verdict) => verdict.endsWith("SUCCESS")).length).toBeGreaterThan(20);
    expect(through).toEqual(direct);
  });
});

const CLIENT = fileURLToPath(new URL("../support/conformance-client.ts", import.meta.url));

/**
 * Those about OAuth are left out: through the gate it is Sallyport that has the credential, and a
 * client is never sent to log in at an upstream.
 */
const CLIENT_SCENARIOS: Readonly<Record<string, readonly string[]>> = {
  "2025-11-25": ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"],
  "2026-07-28": [
    "tools_call",
    "request-metadata",
    "http-standard-headers",
    "http-custom-headers",
    "http-invalid-tool-headers",
    "sep-2322-client-request-state",
    "json-schema-ref-no-deref",
  ],
};

describe.each(Object.entries(CLIENT_SCENARIOS))("the client scenarios of %s", (revision, all) => {
  it.each(all)("%s comes out as it does directly", { timeout: 60_000 }, async (scenario) => {
    const suite = (flags: string): Promise<readonly string[]> =>
      verdicts([
        "client",
        "--command",
        `${process.execPath} ${CLIENT}${flags}`,
        "--scenario",
        scenario,
        "--spec-version",
        revision,
      ]);
    const [direct, through] = await Promise.all([suite(""), suite(" --through")]);
    expect(direct.length).toBeGreaterThan(0);
    expect(through).toEqual(direct);
  });
});

/** What the suite asks of every server. The rest wants tools, prompts and resources of its own. */
const OF_ANY_SERVER: Readonly<Record<string, readonly string[]>> = {
  "2025-11-25": ["server-initialize", "ping", "tools-list", "dns-rebinding-protection"],
  "2026-07-28": [
    "tools-list",
    "server-sse-multiple-streams",
    "sep-2164-resource-not-found",
    "dns-rebinding-protection",
    "http-header-validation",
    "input-required-result-unsupported-methods",
    "input-required-result-missing-input-response",
    "input-required-result-ignore-extra-params",
    "input-required-result-validate-input",
  ],
};

describe.each(Object.entries(OF_ANY_SERVER))("Sallyport's own server in %s", (revision, all) => {
  it("passes what is asked of every server", { timeout: 120_000 }, async () => {
    const url = `${sallyport.url}/mcp/sallyport`;
    const every = await verdicts(["server", "--url", url, "--requirements", revision]);
    for (const scenario of all) {
      const asked = every.filter((verdict) => verdict.startsWith(`server-${scenario}: `));
      expect(asked.filter((verdict) => verdict.endsWith("SUCCESS"))).not.toEqual([]);
      expect(asked.filter((verdict) => verdict.endsWith("FAILURE"))).toEqual([]);
    }
    const envelope = every.filter((verdict) => verdict.includes("request-meta-invalid"));
    expect(envelope.filter((verdict) => !verdict.endsWith("SUCCESS"))).toEqual([]);
  });
});
