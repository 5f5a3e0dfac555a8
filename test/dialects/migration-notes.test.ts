/** The notes for those who come from elsewhere: every command as it is printed, on a fresh gate. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { startSallyport } from "../support/sallyport-process.ts";

const run = promisify(execFile);

/** What stands between the fences, in one script that ends with the first command that fails. */
function scriptOf(note: string): string {
  const text = readFileSync(new URL(`../../deploy/${note}`, import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^ *```sh\n(.*?)^ *```$/gmsu)].map(([, block = ""]) => block);
  expect(blocks.length).toBeGreaterThan(3);
  return ["set -euo pipefail", ...blocks].join("\n");
}

it.each([
  ["migrate-haldir.md", ['"authorized":true', '"remaining_budget":37.5', '"added":true']],
  ["migrate-sanction.md", ['"status":"approved"', '"spend_usd":10', '"name":"wallet"']],
])("%s works as it is printed", async (note, answers) => {
  await using gate = await startSallyport({ config: "upstreams: []\n", policies: {} });
  const script = scriptOf(note)
    // In one go: a port that a test got may begin like the other one.
    .replaceAll(/http:\/\/127\.0\.0\.1:410([01])\b/g, (_, plane) =>
      plane === "1" ? gate.manageUrl : gate.url,
    );
  const { stdout } = await run("bash", ["-c", script], { timeout: 20_000 });
  for (const answer of answers) expect(stdout).toContain(answer);
});
