/**
 * Secrets that would be recognised anywhere, through everything the program does: none of them is
 * found at rest, in logs, answers, index, sinks or the process's arguments and environment, beyond
 * what the operator put there.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const CANARIES = {
  vault: "canary-vault-7f3a9c1e5b2d8460",
  file: "canary-file-0b8d64f2a7c3915e",
  environment: "canary-env-5e1c9a73d0f4b826",
  sink: "canary-sink-c4d8b1f6e0a29375",
} as const;

let upstream: RecordingUpstream;
let siem: RecordingUpstream;
let sallyport: SallyportProcess;
let directory: string;
/** The first administrator's key, shown once. */
let adminKey = "";
const answers: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-canary-"));
  const secretFile = join(directory, "secret");
  const sinkToken = join(directory, "sink-token");
  writeFileSync(secretFile, CANARIES.file, { mode: 0o600 });
  writeFileSync(sinkToken, CANARIES.sink, { mode: 0o600 });
  upstream = await startRecordingUpstream((request, response) => {
    const borrowed = String(request.headers.authorization);
    const status = request.url?.startsWith("/fails") === true ? 500 : 200;
    response.writeHead(status, { "x-echo": borrowed, "content-type": "application/json" });
    response.end(JSON.stringify({ you_sent: borrowed, list: [borrowed.slice("Bearer ".length)] }));
  });
  siem = await startRecordingUpstream((_request, response) => void response.end());
  const entry = (name: string, ref: string): string =>
    `  - { name: ${name}, wire: http, url: "${upstream.url}", allow_private: true, ` +
    `credential: { ref: "${ref}", header: authorization, format: "Bearer {}" } }\n`;
  sallyport = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\nlog: { level: debug }\n" +
      "ledger:\n  head_interval_ms: 1000\n  sinks:\n    - { name: out, to: stdout, format: ocsf }\n" +
      `    - { name: siem, to: "${siem.url}/in", token_file: "${sinkToken}" }\nupstreams:\n` +
      entry("sealed", "vault://crm") +
      entry("filed", `file://${secretFile}`) +
      entry("set", "env://CANARY"),
    policies: {
      "all.yaml":
        "version: 1\nagents: [tester]\nrules:\n" +
        "  - { id: all, http: { upstreams: [sealed, filed, set] }, effect: allow }\n",
    },
    secrets: [{ args: ["crm", "--origin", upstream.url], value: CANARIES.vault }],
    env: { CANARY: CANARIES.environment },
  });
  const ask = async (url: string, init?: RequestInit): Promise<string> => {
    const answer = await fetch(url, init);
    const text = `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
    answers.push(text);
    return text;
  };
  for (const name of ["sealed", "filed", "set", "unknown"]) {
    for (const path of ["ok", "fails", "../dots", "ok?token=harmless"]) {
      await ask(`${sallyport.url}/${name}/${path}`);
    }
  }
  const made = await fetch(`${sallyport.manageUrl}/core/v1/bootstrap`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "admin" }),
  });
  ({ key: adminKey } = JSON.parse(await made.text()));
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  const core = `${sallyport.manageUrl}/core/v1`;
  for (const path of ["ledger", "ledger/totals?by=agent", "ledger/export", "status", "keys"]) {
    await ask(`${core}/${path}`, { headers });
  }
  await ask(`${core}/ledger/entries`, {
    method: "POST",
    headers,
    body: JSON.stringify({ action: 7, nonsense: true }),
  });
  await ask(`${sallyport.manageUrl}/metrics`);
  await eventually(() => expect(siem.requests.length).toBeGreaterThan(0));
}, 120_000);

afterAll(async () => {
  await sallyport[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await siem[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** As it is, and as it is written in other places. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("hex"),
    encodeURIComponent(secret),
    secret.toUpperCase(),
  ];
}

function secretsIn(text: string, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => formsOf(secret).some((form) => text.includes(form)));
}

const all = (): string[] => [...Object.values(CANARIES), adminKey];

describe("a canary", () => {
  it("reached the upstream, so that the rest of this means something", () => {
    const sent = upstream.requests.map(({ headers }) => headers.authorization);
    for (const secret of [CANARIES.vault, CANARIES.file, CANARIES.environment]) {
      expect(sent).toContain(`Bearer ${secret}`);
    }
    expect(siem.requests[0]?.headers["authorization"]).toBe(`Bearer ${CANARIES.sink}`);
    expect(adminKey).toMatch(/^spt_/);
  });

  it("is in no answer: not an echo, an error, a list or a metric", () => {
    expect(secretsIn(answers.join("\n"), all())).toEqual([]);
  });

  it("is in no record that a sink was sent", () => {
    const sent = siem.requests.map(({ body }) => body.toString()).join("\n");
    expect(sent).toContain("exc_");
    expect(secretsIn(sent, all())).toEqual([]);
  });

  it("is not among the program's arguments, and in its environment only where it was put", () => {
    const { pid } = sallyport.child;
    const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, "latin1");
    expect(secretsIn(read("cmdline"), all())).toEqual([]);
    expect(secretsIn(read("environ"), all())).toEqual([CANARIES.environment]);
  });

  it("is in no log line and in no file of the data directory, also after the end", async () => {
    expect(await sallyport.stop()).toBe(0);
    expect(sallyport.output()).toContain("API Activity");
    expect(secretsIn(sallyport.output(), all())).toEqual([]);
    const files = readdirSync(sallyport.dataDirectory, {
      recursive: true,
      encoding: "utf8",
      withFileTypes: true,
    }).filter((file) => file.isFile());
    const names = files.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["vault.json", "ledger-index.db", "directory.db", "siem.json"]),
    );
    for (const { name, parentPath } of files) {
      const text = readFileSync(join(parentPath, name), "latin1");
      expect(secretsIn(text, all()), name).toEqual([]);
    }
  });
});
