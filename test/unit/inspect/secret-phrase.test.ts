import { describe, expect, it } from "vitest";
import type { Inspection } from "../../../src/core/inspect/inspection.ts";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { scanJson } from "../../../src/core/inspect/scan-json.ts";
import { looking } from "./inspections.ts";

const WORDS = "gravity machine north sort system female filter attitude volume fold club stay";
const NUMBERED = WORDS.split(" ")
  .map((word, i) => `${i + 1}. ${word}`)
  .join("\n");
const SECRETS = looking(["secret"], "report", 60);

function found(text: string, by: Inspection = SECRETS, step = text.length): readonly string[] {
  const scanner = createPartScanner(by, "p", []);
  for (let at = 0; at < text.length; at += step) scanner.push(text.slice(at, at + step));
  scanner.end();
  return scanner.findings.map(({ signature, start, end }) => `${signature} ${start}-${end}`);
}

describe("the words of a wallet", () => {
  it.each([
    `My seed phrase is ${WORDS}. Keep it safe.`,
    `mnemonic, seed phrase or recovery phrase: "${WORDS}"`,
    `recovery phrase for my wallet: "${WORDS}"`,
    `Recovery phrase:\n${NUMBERED}\nThanks`,
    `mnemonic=${WORDS} ${WORDS}`,
  ])("are a secret where they are called so, however they are cut: %s", (text) => {
    const whole = found(text);
    expect(whole).toEqual([expect.stringMatching(/^wallet-phrase \d+-\d+$/)]);
    for (const step of [1, 2, 7]) expect(found(text, SECRETS, step)).toEqual(whole);
  });

  it("are taken out of a member of that name, all of them", () => {
    const value = { wallet: { mnemonic: WORDS, seed: "hello", note: WORDS } };
    const scan = scanJson(looking(["secret"], "redact", 60), value, []);
    expect(scan.value).toEqual({ wallet: { mnemonic: "[secret]", seed: "hello", note: WORDS } });
  });

  it("of documentation count where they leave", () => {
    const sample = `mnemonic: ${"abandon ".repeat(11)}about`;
    expect(found(sample, { ...SECRETS, surface: "request" })).toEqual([
      expect.stringContaining("wallet-phrase-sample"),
    ]);
    expect(found(sample)).toEqual([]);
  });

  it.each([
    WORDS,
    "A mnemonic device for planets uses the first letter of each word that children learn.",
    "Your seed phrase should never be shared, not even with support staff who ask for it.",
    `The seed phrase has these words: ${WORDS.split(" ").slice(0, 9).join(" ")}`,
  ])("are none otherwise: %s", (text) => {
    expect(found(text)).toEqual([]);
  });
});
