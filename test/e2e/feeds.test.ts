/** Feeds of addresses: read at the start, read again when they change, never by half. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startThatFails } from "../support/failing-start.ts";
import { administer } from "../support/management.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const POLICY = `
version: 1
agents: [tester]
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow }
inspect:
  - { id: listed, on: [request], find: [destination.listed], do: block }
`;

const folder = mkdtempSync(join(tmpdir(), "sallyport-feeds-"));
const FILE = join(folder, "found.txt");
const OLD = join(folder, "old.txt");
let upstream: RecordingUpstream;
let sallyport: SallyportProcess;

beforeAll(async () => {
  writeFileSync(FILE, "bad.example\n");
  writeFileSync(OLD, "old.example\n");
  const longAgo = new Date("2020-01-01");
  utimesSync(OLD, longAgo, longAgo);
  upstream = await startRecordingUpstream((_, response) => void response.end("ok"));
  sallyport = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n" +
      `upstreams: [{ name: web, wire: http, url: "${upstream.url}", allow_private: true }]\n` +
      `feeds:\n  - { name: found, file: "${FILE}" }\n` +
      `  - { name: old, file: "${OLD}", max_age_days: 30 }\n`,
    policies: { "web.yaml": POLICY },
  });
});
afterAll(async () => {
  await sallyport[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function statusOf(link: string): Promise<number> {
  const reply = await fetch(`${sallyport.url}/web/x`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ link }),
  });
  await reply.text();
  return reply.status;
}

describe("feeds", () => {
  it("block what they list, also below it, and nothing else", async () => {
    expect(await statusOf("https://www.bad.example/x")).toBe(403);
    expect(await statusOf("https://good.example/x")).toBe(200);
  });

  it("count no more once nobody writes them", async () => {
    expect(await statusOf("https://old.example/")).toBe(200);
    expect(sallyport.output()).toContain('"stale":["old"]');
  });

  it("are read again when they change, and stay as they were while a line is wrong", async () => {
    writeFileSync(FILE, "other.example\nbad.example\n");
    await eventually(async () => expect(await statusOf("https://other.example")).toBe(403));
    writeFileSync(FILE, "third.example\nno entry\n");
    await eventually(() => expect(sallyport.output()).toContain("found.txt:2:1"));
    expect(await statusOf("https://third.example")).toBe(200);
    expect(await statusOf("https://other.example")).toBe(403);
    writeFileSync(FILE, "third.example\n");
    await eventually(async () => expect(await statusOf("https://third.example")).toBe(403));
    expect(await statusOf("https://other.example")).toBe(200);
  });

  it("are part of the policies that the API shows and that approvals are asked under", async () => {
    const ask = await administer(sallyport);
    const shown = await ask("GET", "/policies");
    expect(shown.digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await ask("GET", "/status")).policy.digest).toBe(shown.digest);
  });

  it("that do not load stop the start, each line with its place", async () => {
    const config = join(folder, "sallyport.yaml");
    writeFileSync(join(folder, "broken.txt"), "fine.example\n???\n");
    writeFileSync(
      config,
      "listen: { port: 0 }\nmanage: { port: 0 }\nfeeds:\n" +
        "  - { name: broken, file: broken.txt }\n  - { name: gone, file: gone.txt }\n",
    );
    const { code, output } = await startThatFails(config);
    expect(code, output).toBe(2);
    expect(output).toContain("broken.txt:2:1: ??? is no entry of a feed");
    expect(output).toMatch(/gone\.txt:1:1: the feed cannot be read/);
  });
});
