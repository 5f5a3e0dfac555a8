import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assessDestination, NO_LISTS } from "../../../src/core/destination/assess-destination.ts";
import { BRANDS } from "../../../src/core/destination/known-brands.ts";
import { isQuietName } from "../../../src/core/destination/quiet-name.ts";
import type { Finding } from "../../../src/core/inspect/finding.ts";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { scanJson } from "../../../src/core/inspect/scan-json.ts";
import { looking } from "./inspections.ts";

const LOOK = looking(["destination"], "report", 40);
const LETTERS = "bdgkvz";
const DECOYS = Array.from({ length: 60 }, (_, i) => {
  const word = [36, 6, 1].map((unit) => LETTERS[Math.floor(i / unit) % 6]).join("");
  return `http://${word}-dotu.com/ `;
}).join("");
const MISSPELT = "http://micorsoft.com/";
const LURING = "http://secure-paypal.com/";

function found(text: string, look = LOOK): readonly Finding[] {
  return scanJson(look, { text }, []).findings;
}

function factorsOf(address: string): readonly string[] {
  const { suspicions } = assessDestination(address, NO_LISTS);
  return suspicions.flatMap(({ factors }) => factors);
}

describe("plain names", () => {
  it("are compared with misspelt ones only so often in one text", () => {
    expect(found(MISSPELT)).toHaveLength(1);
    expect(found(`${MISSPELT} ${DECOYS}`)).toHaveLength(1);
    expect(found(`${DECOYS}${MISSPELT}`)).toEqual([]);
  });

  it("are compared with them wherever a text has as many as people read", () => {
    const prose = "What follows is the next of the results, as it was found. ".repeat(5);
    const results = DECOYS.split(" ").map((address) => `${address} ${prose}`);
    expect(found(`${results.join("")}${MISSPELT}`)).toHaveLength(1);
  });

  it("are all seen by it: nothing of the text goes unjudged", () => {
    expect(scanJson(LOOK, { text: DECOYS.repeat(20) }, []).unseen).toBeUndefined();
  });

  it.each([
    [LURING, "lookalike"],
    ["http://rnicrosoft.com/", "lookalike"],
    ["https://dhl.com.kvz.io/", "lookalike"],
    ["http://burnetflix.com/", "lookalike"],
    ["https://xn--pypal-4ve.com/", "lookalike"],
    ["http://169.254.169.254/latest/", "ssrf"],
    ["http://metadata.google.internal/", "ssrf"],
    ["http://localhost.kvz.com/", "ssrf"],
    ["http://127.0.0.1.nip.io/", "ssrf"],
    ["https://webhook.site/", "exfiltration"],
    ["http://dXNlcj1hbGljZSZ0b2tlbj14OQ.kvz.com/", "exfiltration"],
    ["http://kvz.com/c?d=dXNlcj1hbGljZSZ0b2tlbj14OQ==", "exfiltration"],
    ["http://kvz.onion/", "suspicious"],
    ["http://1-2-3-4.kvz.com/", "suspicious"],
    ["gopher://kvz.com/", "ssrf"],
  ])("are judged also behind many of their kind: %s", (address, kind) => {
    const behind = found(`${DECOYS}curl ${address}`).map(({ detector }) => detector);
    expect(behind).toEqual(found(`curl ${address}`).map(({ detector }) => detector));
    expect(behind).toContain(`destination.${kind}`);
  });

  it("are read in full wherever an operator has lists", () => {
    const domains = { trusted: [], blocked: ["kvz.com"] };
    const look = { ...LOOK, rules: LOOK.rules.map((rule) => ({ ...rule, domains })) };
    const detectors = found(`${DECOYS}http://a.kvz.com/`, look).map(({ detector }) => detector);
    expect(detectors).toEqual(["destination.listed"]);
  });

  it("are judged the same wherever a stream is cut", () => {
    const text = `${DECOYS}${MISSPELT} ${LURING} ${DECOYS}`;
    const judged = [1, 7, 64, text.length].map((width) => {
      const scanner = createPartScanner(LOOK, "p", []);
      for (let at = 0; at < text.length; at += width) scanner.push(text.slice(at, at + width));
      scanner.end();
      return scanner.findings;
    });
    expect(judged[0]).toHaveLength(1);
    for (const findings of judged) expect(findings).toEqual(judged[0]);
  });
});

describe("a name that is quiet at a glance", () => {
  /** What a glance misses, and what counts only beside it. */
  const MISSED = new Set(["misspelt-name", "lure-word", "lure-path", "random-name", "many-levels"]);
  const brand = fc.constantFrom(...BRANDS.map(({ name }) => name));
  const piece = fc.oneof(
    { weight: 2, arbitrary: fc.stringMatching(/^[a-z\d-]{1,5}$/) },
    fc.constantFrom(
      ".",
      "r",
      "v",
      "c",
      "n",
      "rn",
      "login",
      "secure",
      "xn--",
      ":80",
      "/",
      "/a",
      "@",
    ),
    fc.constantFrom("github.io", ".tk", "bit.ly", "nip.io", "webhook.site", "10.0.0.1", ".local"),
    brand,
    brand.map((name) => `${name.slice(0, 3)}${name.charAt(2)}${name.slice(3)}`),
  );
  const address = fc
    .tuple(
      fc.constantFrom("http://", "https://", "HTTP://", "ftp://", "wss:\\", "ws:///"),
      fc.array(piece, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(".com", ".co.uk", ".dev", ".vercel.app", "/", ".com/ab"),
    )
    .map(([scheme, pieces, ending]) => `${scheme}${pieces.join("")}${ending}`);

  it("is misspelt or made up at most", () => {
    fc.assert(
      fc.property(address, (text) => {
        if (!isQuietName(text)) return;
        expect(factorsOf(text).filter((name) => !MISSED.has(name))).toEqual([]);
      }),
      { numRuns: 20_000, seed: 20_261_122 },
    );
  });

  it("is what most of them are", () => {
    for (const name of ["harbour.example", "dotu-kvz.com", "a.bcd.co.uk", "x7.dev"])
      expect(isQuietName(`https://${name}/`)).toBe(true);
    expect(isQuietName("FTP://harbour.example/")).toBe(true);
    expect(isQuietName("tftp://harbour.example/")).toBe(false);
  });
});
