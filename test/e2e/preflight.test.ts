/** What somebody with an older Node reads, in place of a syntax error. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));
const OLDER = `Object.defineProperty(process, "versions", { value: { node: "20.1.0" } })`;

const directory = mkdtempSync(join(tmpdir(), "sallyport-preflight-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** The first lines of the program in a checkout of its own, on a Node that says it is older. */
async function startOnOlder(checkout: string) {
  mkdirSync(join(checkout, "src"), { recursive: true });
  writeFileSync(join(checkout, "package.json"), `{ "type": "module" }`);
  for (const file of ["sallyport.js", "preflight.js", "memory-settings.js"]) {
    cpSync(join(SOURCE, file), join(checkout, "src", file));
  }
  const program = join(checkout, "src/sallyport.js");
  const flags = ["--import", `data:text/javascript,${encodeURIComponent(OLDER)}`];
  const child = spawn(process.execPath, [...flags, program, "up"]);
  const said = text(child.stderr);
  const [code] = await once(child, "close");
  return { code, said: await said };
}

it("an older Node ends with 3 and says which one is needed, and how to get it", async () => {
  const { code, said } = await startOnOlder(join(directory, "bare"));
  expect(code, said).toBe(3);
  expect(said).toMatch(/needs Node 24\.15 or newer; this is 20\.1\.0[^]*npm ci --include=optional/);
});

it("and where npm has brought the right one, how it is used", async () => {
  const checkout = join(directory, "installed");
  mkdirSync(join(checkout, "node_modules/.bin"), { recursive: true });
  writeFileSync(join(checkout, "node_modules/.bin/node"), "");
  const { code, said } = await startOnOlder(checkout);
  expect(code, said).toBe(3);
  expect(said).toContain("npm run -s sallyport -- <command>");
  expect(said).not.toContain("include=optional");
});
