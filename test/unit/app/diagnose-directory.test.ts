import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { diagnoseDirectory } from "../../../src/app/doctor/diagnose-directory.ts";
import type { Config } from "../../../src/app/config/config.ts";
import { loadConfig } from "../../../src/app/config/load-config.ts";
import { freePort } from "../../support/free-port.ts";
import { startPostgres } from "../../support/postgres-server.ts";

const cleanups = new DisposableStack();
afterAll(() => cleanups.dispose());

function configOf(environment: Readonly<Record<string, string>>): Config {
  const workingDirectory = mkdtempSync(join(tmpdir(), "doctor-"));
  cleanups.defer(() => rmSync(workingDirectory, { recursive: true, force: true }));
  const loaded = loadConfig({ file: undefined, environment, flags: [], workingDirectory });
  if (loaded.kind === "problems") throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

const looked = async (environment: Readonly<Record<string, string>>) =>
  (await diagnoseDirectory(configOf(environment))).map(({ name, state }) => ({ name, state }));

describe("doctor's look at what replicas share", () => {
  it("has nothing to say of one machine", async () => {
    expect(await looked({})).toEqual([]);
  });

  it("warns that over Redis alone no agents, keys and people are shared", async () => {
    const [finding] = await diagnoseDirectory(configOf({ SALLYPORT_STORE: "redis://127.0.0.1:1" }));
    expect(finding).toMatchObject({
      name: "directory",
      state: "warning",
      detail: expect.stringContaining("agents, keys, people"),
      remedy: expect.stringContaining("directory.url"),
    });
  });

  it("says whether the directory answers, and never its password", async () => {
    await using server = await startPostgres();
    const ok = await looked({ SALLYPORT_DIRECTORY_URL: server.url });
    expect(ok[0]).toEqual({ name: "directory", state: "ok" });
    const nowhere = `postgres://ann:hush@127.0.0.1:${await freePort()}/x`;
    const [away] = await diagnoseDirectory(configOf({ SALLYPORT_DIRECTORY_URL: nowhere }));
    expect(away).toMatchObject({ name: "directory", state: "problem" });
    expect(JSON.stringify(away)).not.toContain("hush");
  }, 60_000);
});
