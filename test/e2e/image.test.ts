/** What Dockerfile and compose file promise, as far as it shows without a container engine. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runSallyport, startSallyport } from "../support/sallyport-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");
const dockerfile = read("Dockerfile").replaceAll("\\\n", " ");

/** What the image takes from the checkout. */
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = ""]) =>
  names.split(" "),
);

/** Its `ENV`, as far as it names what is Sallyport's. */
const environment = new Map(
  [...dockerfile.matchAll(/(SALLYPORT_[A-Z_]+)=(\S+)/g)].map(([, name = "", value = ""]) => [
    name,
    value,
  ]),
);

const filesIn = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();

describe("the image", () => {
  it("copies what is there and what .dockerignore lets through", () => {
    const admitted = read(".dockerignore").split("\n");
    expect(copied).toContain("src");
    for (const name of copied) {
      expect(existsSync(join(ROOT, name)), name).toBe(true);
      expect(admitted).toContain(`!${name}`);
    }
  });

  it("needs no package that it leaves out", () => {
    const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
      read("package.json"),
    );
    const wanted = filesIn(join(ROOT, "src"))
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
      .flatMap((file) => [
        ...readFileSync(file, "utf8").matchAll(
          /^(?:import (?!type)|export )[^;"]*?from "([^."][^"]*)"|import\("([^."][^"]*)"\)/gm,
        ),
      ])
      .map(([, named, dynamic]) => named ?? dynamic ?? "")
      .filter((name) => !isBuiltin(name))
      .map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"));
    expect(wanted).toContain("undici");
    expect(wanted.filter((name) => !(name in dependencies))).toEqual([]);
  });

  it("runs from its own files alone and writes none of them", async () => {
    const tree = mkdtempSync(join(tmpdir(), "sallyport-image-"));
    try {
      for (const name of new Set(copied)) {
        cpSync(join(ROOT, name), join(tree, name), { recursive: true });
      }
      const files = filesIn(tree);
      const written = (): readonly number[] => files.map((file) => statSync(file).mtimeMs);
      const before = written();
      symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
      const gateway = await startSallyport({
        root: tree,
        config: "identity: { loopback_agent: demo-agent }\nagents: [{ name: demo-agent }]\n",
        policies: { "none.yaml": "version: 1\nagents: [demo-agent]\nrules: []\n" },
        env: { HOME: "/nonexistent", NODE_ENV: "production" },
      });
      expect((await fetch(`${gateway.url}/nowhere`)).status).toBe(404);
      expect(await gateway.stop()).toBe(0);
      await gateway[Symbol.asyncDispose]();
      rmSync(join(tree, "node_modules"));
      expect(filesIn(tree)).toEqual(files);
      expect(written()).toEqual(before);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  });
});

describe("the compose file", () => {
  const { services } = parse(read("deploy/compose.yaml"));
  const { sallyport, agent } = services;

  it("keeps what the image writes on a volume, and nothing else may be written", () => {
    const [, mounted] = String(sallyport.volumes[0]).split(":");
    expect(environment.get("SALLYPORT_DATA_DIR")).toMatch(new RegExp(`^${mounted}/`, "u"));
    expect(dockerfile).toContain(`\nVOLUME ${mounted}\n`);
    expect(sallyport).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
  });

  it("gives a shutdown more time than it takes", async () => {
    const { stdout } = await runSallyport(["config", "show"]);
    const drainMs = Number(/drain_ms:? +([0-9]+)/u.exec(stdout)?.[1]);
    expect(drainMs).toBeGreaterThan(0);
    expect(Number.parseInt(sallyport.stop_grace_period, 10) * 1000).toBeGreaterThan(drainMs);
  });

  it("puts the agent where the gate listens, and nobody else", () => {
    expect(agent.network_mode).toBe("service:sallyport");
    expect(sallyport).not.toHaveProperty("ports");
  });
});
