/** The rules of this house that a linter does not know. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { REFUSALS } from "../../src/core/refusal.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SRC = join(ROOT, "src");

interface Source {
  /** Below src, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Relative imports, resolved below src. */
  readonly local: readonly string[];
  readonly packages: readonly string[];
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|(?:^|\n)import\s+"([^"]+)"|new URL\("(\.[^"]+\.ts)"/g;

function readSource(file: string): Source {
  const text = readFileSync(file, "utf8");
  const path = relative(SRC, file);
  const local: string[] = [];
  const packages: string[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const from = match.slice(1).find((found) => found !== undefined) ?? "";
    if (from.startsWith(".")) local.push(normalize(join(dirname(path), from)));
    else packages.push(from);
  }
  return { path, text, local, packages };
}

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
  .map((name) => readSource(join(SRC, name)));

/** Tests and their tools may be the only reader of a number that they hold against the code. */
const tests = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ path: name, text: readFileSync(join(ROOT, "test", name), "utf8") }));

/** Without comments and plain strings, which may say what code may not do. */
function codeOf(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|"[^"\n]*"/g, "");
}

const layerOf = (path: string): string => (path.includes("/") ? (path.split("/")[0] ?? "") : path);

/** What a layer may import, itself included (src/README.md). */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: ["lib"],
  core: ["core", "lib"],
  pipeline: ["pipeline", "core", "lib"],
  operations: ["operations", "pipeline", "core", "lib"],
  stores: ["stores", "core", "lib"],
  proxy: ["proxy", "operations", "pipeline", "core", "lib"],
  manage: ["manage", "operations", "pipeline", "core", "lib"],
  dialects: ["dialects", "operations", "pipeline", "core", "lib"],
  app: ["app", "proxy", "manage", "dialects", "stores", "operations", "pipeline", "core", "lib"],
  cli: ["cli", "app", "proxy", "manage", "stores", "operations", "pipeline", "core", "lib"],
  "main.ts": ["cli", "app", "lib"],
};

/** Each package with a wire, a store or a parser behind it has one home. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  undici: ["proxy/", "cli/"],
  "http-proxy-3": ["proxy/upgrade/upgrade-tunnel.ts"],
  "@modelcontextprotocol/server": ["app/demo/"],
  "@modelcontextprotocol/node": ["app/demo/"],
  fastify: ["manage/", "dialects/"],
  "@fastify/swagger": ["manage/native/"],
  typebox: ["manage/", "dialects/"],
  jose: ["stores/tokens/"],
  "openid-client": ["stores/oidc/"],
  kysely: ["stores/directory/", "stores/ledger-index/", "stores/sqlite/kysely-dialect.ts"],
  pg: ["stores/directory/", "stores/postgres/"],
  standardwebhooks: ["stores/notify/"],
  nodemailer: ["stores/notify/"],
  "prom-client": ["app/observe/"],
  pino: ["app/observe/"],
  "@opentelemetry/api": ["app/observe/tracing.ts"],
  "@opentelemetry/exporter-trace-otlp-http": ["app/observe/tracing.ts"],
  "@opentelemetry/resources": ["app/observe/tracing.ts"],
  "@opentelemetry/sdk-trace": ["app/observe/tracing.ts"],
  yaml: ["core/policy/"],
  "@marcbachmann/cel-js": ["core/policy/"],
  re2js: ["core/policy/linear-pattern.ts"],
  tldts: ["core/destination/registrable-domain.ts"],
  ajv: ["stores/schemas/"],
  "gpt-tokenizer": ["stores/tokenizer/"],
  "@smithy/eventstream-codec": ["proxy/llm/bedrock/"],
  "@smithy/signature-v4": ["stores/vault/"],
  "@pydantic/genai-prices": ["stores/prices/"],
  "node:sqlite": ["stores/"],
  ioredis: ["stores/redis/redis-connection.ts"],
  "@clack/prompts": ["cli/"],
  commander: ["cli/"],
};

const packagesOf = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !name.startsWith("node:")).toSorted();

describe("layers", () => {
  it.each(sources)("$path imports only what its layer may see", ({ path, local }) => {
    const allowed = MAY_IMPORT[layerOf(path)];
    expect(allowed, `unknown layer of ${path}`).toBeDefined();
    expect(local.filter((target) => allowed?.includes(layerOf(target)) === false)).toEqual([]);
  });

  it.each(sources.filter(({ path }) => path.startsWith("dialects/")))(
    "$path imports no other dialect",
    ({ path, local }) => {
      const folderOf = (file: string): string | undefined => /^dialects\/([^/]+)\//.exec(file)?.[1];
      const others = local.filter((target) => {
        const folder = folderOf(target);
        return folder !== undefined && folder !== folderOf(path);
      });
      expect(others).toEqual([]);
    },
  );

  it("keeps node: modules out of core and pipeline", () => {
    const guilty = sources.filter(
      ({ path, packages }) =>
        /^(core|pipeline)\//.test(path) && packages.some((name) => name.startsWith("node:")),
    );
    expect(guilty.map(({ path }) => path)).toEqual([]);
  });

  it("keeps the wall clock, randomness and the environment at home", () => {
    const bans: readonly [RegExp, readonly string[]][] = [
      [/\bDate\.now\(|\bnew Date\(\)/, ["lib/clock.ts"]],
      [/\bMath\.random\(/, []],
      [/\bprocess\.(exit\(|env\b)/, ["main.ts"]],
    ];
    for (const [ban, homes] of bans) {
      const guilty = sources.filter(
        ({ path, text }) => !homes.includes(path) && ban.test(codeOf(text)),
      );
      expect(
        guilty.map(({ path }) => path),
        String(ban),
      ).toEqual([]);
    }
  });

  it.each(Object.entries(HOMES))("imports %s only at home", (name, homes) => {
    const guilty = sources.filter(
      ({ path, packages }) =>
        packages.some((from) => from === name || from.startsWith(`${name}/`)) &&
        !homes.some((home) => path.startsWith(home)),
    );
    expect(guilty.map(({ path }) => path)).toEqual([]);
  });

  it("gives every dependency a home, and a reason in src/DECISIONS.md", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    const packages = Object.keys(manifest.dependencies);
    expect(packages.toSorted()).toEqual(packagesOf(Object.keys(HOMES)));
    const decisions = readFileSync(join(SRC, "DECISIONS.md"), "utf8");
    const table = decisions.slice(decisions.indexOf("| package |"));
    const reasoned = [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, names = ""]) => names);
    const listed = reasoned.join(", ").split(/,? /);
    expect(packages.filter((name) => !listed.includes(name))).toEqual([]);
  });

  /** See lib/node-http.ts. Tunnels are loaded with the first of them. */
  it("imports node:http for its types only", () => {
    const guilty = sources.filter(
      ({ path, text }) =>
        path !== "proxy/upgrade/upgrade-tunnel.ts" &&
        /^import (?!type)[^;]*"node:http"/m.test(text),
    );
    expect(guilty.map(({ path }) => path)).toEqual([]);
  });

  it("has no import cycle", () => {
    const graph = new Map(sources.map(({ path, local }) => [path, local]));
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
      if (trail.includes(path)) return [...trail, path];
      if (done.has(path)) return undefined;
      for (const next of graph.get(path) ?? []) {
        const cycle = visit(next, [...trail, path]);
        if (cycle !== undefined) return cycle;
      }
      done.add(path);
      return undefined;
    };
    const valueImports = sources.map(({ path, text }) => {
      const kept = text.replaceAll(/(?:import|export)\s+type\s[^;]*;/g, "");
      return { path, text: kept };
    });
    for (const { path, text } of valueImports) {
      const local = [...text.matchAll(IMPORT)]
        .map((match) => match[1] ?? match[2] ?? "")
        .filter((from) => from.startsWith("."))
        .map((from) => normalize(join(dirname(path), from)));
      graph.set(path, local);
    }
    for (const { path } of sources) expect(visit(path, [])).toBeUndefined();
  });
});

describe("rules", () => {
  it("mints permits in one place", () => {
    const callers = sources.filter(
      ({ path, text }) => /issuePermit\(/.test(text) && path !== "core/permit.ts",
    );
    expect(callers.map(({ path }) => path)).toEqual(["operations/authorize.ts"]);
  });

  it("closes exchanges in one place", () => {
    const callers = sources.filter(({ text }) => /pipeline\/close\.ts"/.test(text));
    expect(callers.map(({ path }) => path)).toEqual(["operations/govern.ts"]);
  });

  it("has no file named after nothing", () => {
    const vague = /(^|\/)(utils?|helpers?|types|common|index|misc)\.ts$/;
    expect(sources.filter(({ path }) => vague.test(path)).map(({ path }) => path)).toEqual([]);
  });

  it("has no any and no default export", () => {
    const guilty = sources.filter(({ text }) =>
      /: any\b|<any>|\bas any\b|export default /.test(codeOf(text)),
    );
    expect(guilty.map(({ path }) => path)).toEqual([]);
  });

  it("has no file that nobody imports", () => {
    const imported = new Set(sources.flatMap(({ local }) => local));
    const entries = new Set(["main.ts"]);
    const dead = sources.filter(({ path }) => !imported.has(path) && !entries.has(path));
    expect(dead.map(({ path }) => path)).toEqual([]);
  });

  it("says of every file, or of what it exports, what it is", () => {
    const silent = sources.filter(({ text }) => !/^\/\*\*|\*\/\nexport /.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it("exports no function, class or value that no other file names", () => {
    const words = [...sources, ...tests].map(({ path, text }) => {
      return { path, words: new Set(codeOf(text).match(/[\w$]+/g)) };
    });
    const named = new Map<string, number>();
    for (const { words: all } of words) {
      for (const word of all) named.set(word, (named.get(word) ?? 0) + 1);
    }
    const unused = sources.flatMap(({ path, text }) => {
      const exported = text.matchAll(/^export (?:async )?(?:function\*?|const|class) ([\w$]+)/gm);
      return [...exported]
        .filter(([, name = ""]) => (named.get(name) ?? 0) < 2)
        .map(([, name]) => `${path}: ${name}`);
    });
    expect(unused).toEqual([]);
  });
});

describe("src/README.md", () => {
  const text = readFileSync(join(SRC, "README.md"), "utf8");

  it("names files and folders that there are", () => {
    const named = [...text.matchAll(/`([a-z][\w/-]*(?:\.ts|\/))`/g)].map(([, name = ""]) => name);
    const isThere = (name: string): boolean =>
      sources.some(({ path }) => `/${path}`.includes(`/${name}`));
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((name) => !isThere(name))).toEqual([]);
  });

  it("has a row for every refusal, at the stage that says it", () => {
    const rows = [...text.matchAll(/^\| `([a-z_]+)` \| ([a-z]+) \| ([a-z_]+) \|/gm)];
    const written = Object.fromEntries(
      rows.map(([, code, stage, kind]) => [code, { stage, class: kind }]),
    );
    const real = Object.fromEntries(
      Object.entries(REFUSALS).map(([code, row]) => [code, { stage: row.stage, class: row.class }]),
    );
    expect(written).toEqual(real);
  });
});
