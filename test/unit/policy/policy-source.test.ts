import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PolicyFault } from "../../../src/app/policies/policy-fault.ts";
import { openPolicySource, type PolicyEvents } from "../../../src/app/policies/policy-source.ts";
import type { Problem } from "../../../src/core/problem.ts";
import { facts, principal, rulesOf, tool } from "./policy-fixture.ts";

const ALLOW = rulesOf("- { id: a, tools: [x.y], effect: allow }\n");
const FAILING = `${ALLOW}tests:\n  - { call: { agent: bot, tool: x.y }, expect: deny }\n`;

describe("policy source", () => {
  let directory: string;
  let heard: string[];
  let events: PolicyEvents;
  let changed: Promise<void>;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "policies-"));
    heard = [];
    let tell = (): void => {};
    const renew = (): void => {
      changed = new Promise((resolve) => {
        tell = resolve;
      });
    };
    renew();
    const hear = (what: string): void => {
      heard.push(what);
      const told = tell;
      renew();
      told();
    };
    events = {
      policyLoaded: (_digest, rules) => hear(`loaded ${rules}`),
      policyRefused: (problems: readonly Problem[]) => hear(`refused ${problems.length}`),
      policyDoubted: (warnings: readonly Problem[]) => {
        heard.push(...warnings.map(({ line, message }) => `${line}: ${message}`));
      },
    };
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, name), text);
  };
  const decide = (source: {
    current(): ReturnType<ReturnType<typeof openPolicySource>["current"]>;
  }) => source.current().decide(principal(), tool("x.y"), facts()).kind;

  it("denies everything where there are no files", async () => {
    await using source = openPolicySource({ directory, events });
    expect([decide(source), source.current().ruleCount, heard]).toEqual(["deny", 0, ["loaded 0"]]);
  });

  it("tells with a load, once, what is probably not meant", async () => {
    const entry = (until: string): string =>
      `version: 1\nagents: ["*"]\ninspect:\n  - id: orders\n    on: [response]\n` +
      `    find: [injection]\n    do: block\n    except:\n` +
      `      - { signatures: [persona], until: ${until}, why: "a play" }\n`;
    write("a.yaml", entry("2020-01-31"));
    await using source = openPolicySource({ directory, events });
    const over = "9: an exception of orders counts no more since 2020-01-31";
    expect(heard).toEqual(["loaded 0", over]);
    source.reload();
    expect(heard).toEqual(["loaded 0", over]);
    expect(source.warnings).toHaveLength(1);
    write("a.yaml", entry("2999-01-31"));
    source.reload();
    expect(heard).toEqual(["loaded 0", over, "loaded 0"]);
  });

  it("throws every problem at the start, as printed and as data", () => {
    write("a.yaml", "version: 1\n");
    write("b.yaml", "nope: 1\n");
    expect(() => openPolicySource({ directory, events })).toThrow(PolicyFault);
    expect(() => openPolicySource({ directory: join(directory, "gone"), events })).toThrow(
      /a problem/,
    );
  });

  it("refuses a file that is not UTF-8 instead of guessing", () => {
    writeFileSync(join(directory, "a.yaml"), Buffer.from([0x61, 0xff, 0xfe]));
    expect(() => openPolicySource({ directory, events })).toThrow(PolicyFault);
  });

  it.each([
    ["a broken file", "version: 1\nagents: [bot]\nrules: [\n"],
    ["a failing test", FAILING],
    ["a file of nobody", ""],
  ])("keeps the last good snapshot in the face of %s", async (_, text) => {
    write("a.yaml", ALLOW);
    await using source = openPolicySource({ directory, events });
    const before = source.current();
    write("a.yaml", text);
    source.reload();
    expect(source.current()).toBe(before);
    expect(decide(source)).toBe("allow");
    expect([source.accepted, source.refused]).toEqual([1, 1]);
    expect(source.problems.length).toBeGreaterThan(0);

    write("a.yaml", ALLOW.replace("x.y", "x.z"));
    source.reload();
    expect(source.problems).toEqual([]);
    expect(decide(source)).toBe("deny");
  });

  it("keeps it where the directory is gone", async () => {
    write("a.yaml", ALLOW);
    await using source = openPolicySource({ directory, events });
    renameSync(directory, `${directory}-away`);
    source.reload();
    expect([decide(source), source.refused]).toEqual(["allow", 1]);
    renameSync(`${directory}-away`, directory);
  });

  it("takes a change of the files by itself", async () => {
    write("a.yaml", ALLOW);
    await using source = openPolicySource({ directory, events });
    const next = changed;
    write("b.yaml", rulesOf("- { id: b, tools: [x.y], effect: deny }\n"));
    await next;
    expect(decide(source)).toBe("deny");
  });

  it("watches a directory that was deleted and made again, not only its old self", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      write("a.yaml", ALLOW);
      await using source = openPolicySource({ directory, events });
      let next = changed;
      rmSync(directory, { recursive: true });
      mkdirSync(directory);
      write("a.yaml", ALLOW.replace("allow", "deny"));
      await next;
      expect(decide(source)).toBe("deny");
      // The old watch has told its last, and the interval stands still.
      next = changed;
      write("a.yaml", ALLOW);
      await next;
      expect(decide(source)).toBe("allow");
    } finally {
      vi.useRealTimers();
    }
  });

  it("follows the one link that a mounted ConfigMap swaps under all its files", async () => {
    /** As the kubelet's atomic writer leaves a volume, whose visible links never change. */
    const mount = (version: string, effect: string): void => {
      mkdirSync(join(directory, version));
      write(join(version, "a.yaml"), ALLOW.replace("allow", effect));
      symlinkSync(version, join(directory, "..data_tmp"));
      renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
    };
    mount("..2026_11_21", "allow");
    symlinkSync(join("..data", "a.yaml"), join(directory, "a.yaml"));
    await using source = openPolicySource({ directory, events });
    expect(decide(source)).toBe("allow");
    const next = changed;
    mount("..2026_11_22", "deny");
    rmSync(join(directory, "..2026_11_21"), { recursive: true });
    await next;
    expect(decide(source)).toBe("deny");
  });

  it("says that problems are over, also where the files are what they were before", async () => {
    write("a.yaml", ALLOW);
    await using source = openPolicySource({ directory, events });
    const { digest } = source.current();
    write("a.yaml", `${ALLOW}rulez: []\n`);
    source.reload();
    write("a.yaml", ALLOW);
    source.reload();
    expect(source.problems).toEqual([]);
    expect(heard).toEqual(["loaded 1", expect.stringContaining("refused"), "loaded 1"]);
    expect(source.current().digest).toBe(digest);
  });

  it("does not call the same files a change", async () => {
    write("a.yaml", ALLOW);
    await using source = openPolicySource({ directory, events });
    source.reload();
    expect([source.accepted, heard]).toEqual([1, ["loaded 1"]]);
  });
});
