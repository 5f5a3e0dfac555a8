/** Legal holds that an earlier program kept in a file of its own go on to hold. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { administer } from "../support/management.ts";
import { runSallyport, startSallyport } from "../support/sallyport-process.ts";

const ID = "hold_01m80ckqq3xrz1wzbbemhpeect";
const KEPT = JSON.stringify([
  { reason: "case 4711", from: 1_790_812_800_000, id: ID, by: "alice", at: 1_795_309_559_523 },
]);
const POLICIES = { "none.yaml": "version: 1\nagents: [tester]\nrules: []\n" };

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "adopted-holds-"))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("a hold in the file of an earlier program", () => {
  it("is in force, on the record and in its file no more after a start", async () => {
    await using gate = await startSallyport({
      config: "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n",
      policies: POLICIES,
    });
    await gate.stop();
    const file = join(gate.dataDirectory, "ledger-holds.json");
    writeFileSync(file, KEPT);
    await using again = await gate.restart();
    const ask = await administer(again);
    const holds = async () => (await ask("GET", "/ledger/holds")).items;
    const placed = { id: ID, reason: "case 4711", by: "alice", replicas: [{ state: "placed" }] };
    await expect.poll(holds).toMatchObject([placed]);
    await expect.poll(() => existsSync(file)).toBe(false);
    await ask("DELETE", `/ledger/holds/${ID}`);
    expect(await holds()).toEqual([]);
  });

  it("stops commands where no gate has run since, and is refused where it cannot be read", async () => {
    const config = join(directory, "sallyport.yaml");
    writeFileSync(config, "data_dir: data\nagents: [{ name: tester }]\n");
    mkdirSync(join(directory, "data"), { mode: 0o700 });
    const file = join(directory, "data", "ledger-holds.json");
    const erase = ["ledger", "erase", "jane@example.org", "--reason", "art. 17"];
    writeFileSync(file, "{}");
    const unread = await runSallyport([...erase, "--config", config]);
    expect(unread).toMatchObject({ output: expect.stringContaining("not a list of legal holds") });
    expect(unread.code).not.toBe(0);
    writeFileSync(file, KEPT);
    const held = await runSallyport([...erase, "--config", config]);
    expect(held).toMatchObject({ code: 1, output: expect.stringContaining(ID) });
  });
});
