import { describe, expect, it } from "vitest";
import { openEnds, spliceSecrets } from "../../../src/core/inspect/secret-splicer.ts";
import type { JsonValue } from "../../../src/core/json.ts";
import { readCorpus } from "../../support/corpora.ts";
import { looking } from "./inspections.ts";

const KEY = "sk-proj-Zr8kQ1vTn4Wd2Lx9Yb6HcPf3Ms7JgUe5Ra0KiVq8Xw1Zt";
const SECRETS = looking(["secret"], "block", 60);

/** What is found when these leave one after the other. */
function said(...values: readonly JsonValue[]): string | undefined {
  const ends = openEnds();
  for (const value of values) {
    const found = spliceSecrets(SECRETS, ends, value);
    if (found !== undefined) return found.signature;
  }
  return undefined;
}

describe("the halves of a secret", () => {
  it("are joined wherever it was split, over texts, messages and labels", () => {
    for (let at = 8; at <= KEY.length - 8; at += 1) {
      const [a, b] = [KEY.slice(0, at), KEY.slice(at)];
      expect([at, said(a, b)]).toEqual([at, "openai-key"]);
      expect([at, said({ args: { part: `1: ${a}` } }, { args: { part: `2: ${b}` } })]).toEqual([
        at,
        "openai-key",
      ]);
      const turns = [
        { role: "user", content: a },
        { role: "user", content: b },
      ];
      expect([at, said(turns)]).toEqual([at, "openai-key"]);
    }
  });

  it("are joined in the order in which they leave, and over one text between", () => {
    expect(said(KEY.slice(30), KEY.slice(0, 30))).toBeUndefined();
    expect(said(KEY.slice(0, 30), "and so on.", KEY.slice(30))).toBe("openai-key");
  });

  it("are looked for only where secrets are", () => {
    const ends = openEnds();
    expect(spliceSecrets(looking(["pii"], "block", 60), ends, KEY.slice(0, 30))).toBeUndefined();
    expect(ends.words).toEqual([]);
  });

  it("are not seen in what people say, in ids, versions and paths", () => {
    const talk = [
      "deploy v1.4.2-rc.1 to eu-west-1",
      "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
      "req_8f3kQ1vT",
      "src/core/inspect/secret-splicer.ts",
      "2026-11-21T09:55:15Z",
      "commit 1f4e8d7a9b",
      "b42e1d6c0f",
      "order A-10023",
    ];
    for (const a of talk)
      for (const b of talk) expect([a, b, said(a, b)]).toEqual([a, b, undefined]);
  });

  const records = readCorpus<{ readonly label: string; readonly text?: string }>("injection.jsonl");

  it.skipIf(records === undefined)("are not seen in ordinary texts that follow each other", () => {
    const texts = (records ?? []).flatMap(({ label, text }) =>
      label === "benign" && text !== undefined ? [text] : [],
    );
    const ends = openEnds();
    const found = texts.filter((text) => spliceSecrets(SECRETS, ends, text) !== undefined);
    expect(found.length / texts.length).toBeLessThan(0.002);
  });
});
