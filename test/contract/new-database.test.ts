/** Several processes that make the same files at the same moment, as workers do at a first start. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, it } from "vitest";
import { openDatabase } from "../../src/stores/sqlite/database.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-databases-"));
afterAll(() => rmSync(directory, { recursive: true }));

const PROCESSES = 4;
const FILES = 48;
const DATABASE = new URL("../../src/stores/sqlite/database.ts", import.meta.url).href;

/** Opens one file after the other, each as soon as all processes are there. */
const OPENER = `
const { openDatabase } = await import(${JSON.stringify(DATABASE)});
process.stdout.write("ready");
await new Promise((go) => process.stdin.once("data", go));
for (let n = 0; n < ${FILES}; n += 1) {
  openDatabase(${JSON.stringify(join(directory, "x"))} + n, ["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).close();
}
process.exit(0);
`;

it("leave a database alone that a newer program has migrated", () => {
  const path = join(directory, "newer");
  openDatabase(path, ["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).close();
  expect(() => openDatabase(path, ["CREATE TABLE a (x)"])).toThrow(
    `${path} was written by a newer Sallyport`,
  );
  openDatabase(path, ["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).close();
});

it("open new databases together without one of them failing", async () => {
  const children = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, ["--input-type=module", "--eval", OPENER]),
  );
  const failures = children.map(({ stderr }) => text(stderr));
  await Promise.all(children.map(({ stdout }) => once(stdout, "data")));
  const ends = children.map((child) => once(child, "exit"));
  for (const { stdin } of children) stdin.write("go");
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual(children.map(() => 0));
  for (const failure of failures) expect(await failure).not.toContain("locked");
}, 120_000);
