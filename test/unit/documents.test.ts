/** What the documents show is tried: their policies, their configuration, their commands. */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { runProgram } from "../../src/cli/program.ts";
import { compilePolicies } from "../../src/core/policy/compile-policy.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "sallyport-documents-"));
afterAll(() => rmSync(directory, { recursive: true }));

// What happened then is told in the words of then.
const LEFT_OUT = ["node_modules", "deploy/CHANGELOG.md"];
const DOCUMENTS = globSync("**/*.md", { cwd: ROOT, exclude: LEFT_OUT });
const README = readFileSync(join(ROOT, "README.md"), "utf8");

function blocks(text: string, language: string): string[] {
  const fence = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g");
  return [...text.matchAll(fence)].map(([, block = ""]) => block);
}

const isPolicy = (yaml: string): boolean => /^(version|budgets):/m.test(yaml);

describe("README.md", () => {
  const yaml = blocks(README, "yaml");

  it.each(yaml.filter(isPolicy))(
    "shows policies that load and pass their own tests: %#",
    (text) => {
      const whole = text.includes("version:")
        ? text
        : `version: 1\nagents: [bot]\nrules: []\n${text}`;
      expect(compilePolicies([{ file: "readme.yaml", text: whole }])).toMatchObject({ kind: "ok" });
    },
  );

  it.each(yaml.filter((text) => !isPolicy(text)))(
    "shows configuration that is taken: %#",
    (text) => {
      const file = join(directory, "readme.yaml");
      writeFileSync(file, text);
      const asked = { file, flags: [], environment: {}, workingDirectory: directory };
      expect(loadConfig(asked)).toMatchObject({ kind: "config" });
    },
  );
});

/** `a|b` stands for either; `<name>` and `…` for words of the reader's. */
function commandLines(text: string): string[] {
  const inline = [...text.matchAll(/`(sallyport [^`\n]+)`/g)].map(([, line = ""]) => line);
  const shell = blocks(text, "(?:sh|bash|console)?").flatMap((block) =>
    block.replaceAll("\\\n", " ").split("\n"),
  );
  const shown = shell.flatMap((line) => /(?:^|[\s|(;])(sallyport [^#|>]+)/.exec(line)?.[1] ?? []);
  return [...new Set([...inline, ...shown].map((line) => line.trim()))];
}

function readings(line: string): string[][] {
  const [, ...words] = line.split(/\s+/);
  const end = words.findIndex((word) => word === "--");
  let lines: string[][] = [[]];
  for (const word of end === -1 ? words : words.slice(0, end)) {
    const choices = /^[a-z-]+(\|[a-z-]+)+$/.test(word) ? word.split("|") : [word];
    lines = lines.flatMap((begun) => choices.map((choice) => [...begun, choice]));
  }
  return lines;
}

/** What is wrong with a command line, as the help of its command has it; undefined: nothing. */
async function faultOf(words: readonly string[]): Promise<string | undefined> {
  const names = words.filter((word) => /^[a-z][a-z-]*$/.test(word)).slice(0, 2);
  let help = "";
  const shell = {
    environment: {},
    workingDirectory: directory,
    out: (said: string) => void (help += said),
    err: (said: string) => void (help += said),
  };
  const code = await runProgram([...names, "--help"], shell);
  const [, path = "", takes = ""] = /^Usage: sallyport ?([a-z| -]*)(.*)/.exec(help) ?? [];
  const isCommand = path.split(" ").filter(Boolean).length >= names.length;
  const hasArguments = takes.replace("[options]", "").replace("[command]", "").trim() !== "";
  if (code !== 0 || !(isCommand || hasArguments)) return `${words.join(" ")}: no such command`;
  const flags = words.flatMap((word) => /^(--[a-z-]+)/.exec(word)?.[1] ?? []);
  const missing = flags.filter((flag) => !new RegExp(`${flag}[ ,\n]`).test(help));
  return missing.length === 0 ? undefined : `${words.join(" ")}: no ${missing.join(", ")}`;
}

const SHOWN = DOCUMENTS.map((name) => ({
  name,
  lines: commandLines(readFileSync(join(ROOT, name), "utf8")).flatMap(readings),
})).filter(({ lines }) => lines.length > 0);

it.each(SHOWN)(
  "$name names commands that there are, with flags that they have",
  async ({ lines }) => {
    const faults: (string | undefined)[] = [];
    for (const words of lines) faults.push(await faultOf(words));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  },
);

it("a command that there is not would be seen, and a flag", async () => {
  expect(await faultOf(["policy", "chekc"])).toBe("policy chekc: no such command");
  expect(await faultOf(["polcy", "check"])).toBe("polcy check: no such command");
  expect(await faultOf(["policy", "check", "--deep"])).toBe("policy check --deep: no --deep");
  expect(await faultOf(["mcp", "crm"])).toBeUndefined();
});
