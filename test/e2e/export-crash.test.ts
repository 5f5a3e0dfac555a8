/** What an export had written when the process died does not stay on the disk. */
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { exportDraftPath } from "../../src/app/ports/export-drafts.ts";
import { instant } from "../../src/core/units.ts";
import { startSallyport } from "../support/sallyport-process.ts";

const drafts = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.startsWith("export"));

it("is removed by the next start, before anybody asks the API, and nothing else is", async () => {
  await using gate = await startSallyport({ config: "agents: [{ name: tester }]\n", policies: {} });
  const { dataDirectory } = gate;
  // An export under way when the process dies; beside it what only has a like name.
  writeFileSync(exportDraftPath(dataDirectory, instant(1)), "records");
  writeFileSync(join(dataDirectory, "exported.tmp"), "mine");
  const dead = once(gate.child, "exit");
  gate.child.kill("SIGKILL");
  await dead;
  expect(drafts(dataDirectory)).toHaveLength(2);
  await using again = await gate.restart();
  expect(drafts(again.dataDirectory)).toEqual(["exported.tmp"]);
});
