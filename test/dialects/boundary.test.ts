/** A dialect is a folder and a line: without them everything else stands. */
import { execFile } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { startSallyport } from "../support/sallyport-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SRC = join(ROOT, "src");
const run = promisify(execFile);

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), "utf8") }));

/** `words`: its own; `paths`: some of its paths. */
const DIALECTS = [
  {
    name: "haldir",
    words: /haldir|hld_/iu,
    paths: ["/v1", "/haldir/v1"],
    known: ["dialects/dialect.ts"],
  },
  {
    name: "sanction",
    words: /sanction|autoflux|pxy_/iu,
    paths: ["/api/v1/wallets/stats", "/sanction/api/v1/wallets/stats"],
    known: [],
  },
] as const;

const lineOf = (name: string) => new RegExp(String.raw`^export \{ ${name} \}.*\n`, "mu");

/** The program without the folders and the lines of some. */
function homeWithout(names: readonly string[]): string {
  const home = mkdtempSync(join(tmpdir(), "sallyport-without-"));
  cpSync(SRC, join(home, "src"), { recursive: true });
  const wiring = join(home, "src/app/dialects.ts");
  let lines = readFileSync(wiring, "utf8");
  for (const name of names) {
    rmSync(join(home, "src/dialects", name), { recursive: true });
    lines = lines.replace(lineOf(name), "");
  }
  writeFileSync(wiring, `${lines}export {};\n`);
  cpSync(join(ROOT, "package.json"), join(home, "package.json"));
  symlinkSync(join(ROOT, "node_modules"), join(home, "node_modules"));
  return home;
}

describe("without any dialect", () => {
  it("the rest compiles", { timeout: 180_000 }, async () => {
    const home = homeWithout(DIALECTS.map(({ name }) => name));
    try {
      const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, "tsconfig.json"), "utf8"));
      const strict = { compilerOptions, include: ["src"] };
      writeFileSync(join(home, "tsconfig.json"), JSON.stringify(strict));
      await run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", home]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe.each(DIALECTS)("the folder of $name", ({ name, words, paths, known }) => {
  const folder = `dialects/${name}/`;
  const others = sources.filter(({ path }) => !path.startsWith(folder));

  it("is imported by its one line of wiring only", () => {
    const importers = others.filter(({ text }) => new RegExp(`from "[^"]*${folder}`).test(text));
    expect(importers.map(({ path }) => path)).toEqual(["app/dialects.ts"]);
    expect(importers[0]?.text).toMatch(lineOf(name));
  });

  it("keeps its name to itself, but for the family that its keys are of", () => {
    const speakers = others.filter(({ text }) => words.test(text));
    const all = ["app/dialects.ts", "core/identity/key-family.ts", ...known];
    expect(speakers.map(({ path }) => path).toSorted()).toEqual(all);
  });

  const without = "can be taken away with its line: the program starts, its paths are nobody's";
  // Nothing of the copy is compiled yet: a busy machine takes its time.
  it(without, { timeout: 60_000 }, async () => {
    const home = homeWithout([name]);
    try {
      const setup = { root: home, config: "upstreams: []\n", policies: {} };
      await using gate = await startSallyport(setup);
      const status = async (path: string) => (await fetch(`${gate.manageUrl}${path}`)).status;
      expect(await status("/core/v1/keys")).toBe(401);
      expect(await Promise.all(paths.map(status))).toEqual([404, 404]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});
