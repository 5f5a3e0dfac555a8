/** The dialect is a folder and a line: without them everything else stands. */
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
import { describe, expect, it } from "vitest";
import { startSallyport } from "../support/sallyport-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SRC = join(ROOT, "src");
const LINE = /^export \{ haldir \}.*\n/mu;

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("dialects/haldir/"))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), "utf8") }));

describe("the folder of the dialect", () => {
  it("is imported by its one line of wiring only", () => {
    const importers = sources.filter(({ text }) => /from "[^"]*dialects\/haldir\//.test(text));
    expect(importers.map(({ path }) => path)).toEqual(["app/dialects.ts"]);
    expect(importers[0]?.text).toMatch(LINE);
  });

  it("keeps its name to itself, but for the family that its keys are of", () => {
    const speakers = sources.filter(({ text }) => /haldir|hld_/iu.test(text));
    const known = ["app/dialects.ts", "core/identity/key-family.ts", "dialects/dialect.ts"];
    expect(speakers.map(({ path }) => path).toSorted()).toEqual(known);
  });

  it("can be taken away with its line: the program starts, and its paths are nobody's", async () => {
    const home = mkdtempSync(join(tmpdir(), "sallyport-without-"));
    try {
      cpSync(SRC, join(home, "src"), { recursive: true });
      rmSync(join(home, "src/dialects/haldir"), { recursive: true });
      const wiring = join(home, "src/app/dialects.ts");
      const rest = readFileSync(wiring, "utf8").replace(LINE, "");
      writeFileSync(wiring, `${rest}export {};\n`);
      cpSync(join(ROOT, "package.json"), join(home, "package.json"));
      symlinkSync(join(ROOT, "node_modules"), join(home, "node_modules"));
      const setup = { root: home, config: "upstreams: []\n", policies: {} };
      await using gate = await startSallyport(setup);
      const status = async (path: string) => (await fetch(`${gate.manageUrl}${path}`)).status;
      expect(await status("/core/v1/keys")).toBe(401);
      expect([await status("/v1"), await status("/haldir/v1")]).toEqual([404, 404]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});
