import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { suspicionsAtGlance } from "../../../src/core/destination/glance.ts";
import { BRANDS, isTelling } from "../../../src/core/destination/known-brands.ts";
import { parseDestination } from "../../../src/core/destination/parse-destination.ts";
import { schemeOfQuiet } from "../../../src/core/destination/quiet-host.ts";
import { foldLiteral } from "../../../src/core/inspect/fold.ts";

const PIECES = [
  ..."aek19.-_:@%\\/?#{[忘れ。\u3000".split(""),
  "%41",
  "%2f",
  "%c0",
  "%zz",
  "xn--",
  "rn",
  ":80",
  "p\u0430yp\u0430l",
  "ｍicrosoft",
  "１２７.0.0.1",
  "0x7f",
  "localhost",
  ".internal",
  "metadata",
  ".webhook.site",
  ".nip.io",
  "bit.ly",
  "harbour",
  ".example",
  "/c?d=dXNlcj1hbGljZSZ0b2tlbj14OQ==",
];
const SCHEMES = ["https://", "http:///", "smb://", "tftp://", "javascript:", "ws:\\", "data:"];

/** What the long way says at a glance, but for what the scheme alone does. */
function loud(address: string): readonly string[] {
  const destination = parseDestination(address, true);
  if (destination?.intricate !== true) return ["no intricate host"];
  const said = suspicionsAtGlance(destination, foldLiteral(address));
  return said.flatMap(({ factors }) => factors).filter((name) => !name.startsWith("scheme-"));
}

describe("a host that is quiet at a glance", () => {
  it("has nothing that the long way finds", () => {
    const piece = fc.constantFrom(...PIECES);
    fc.assert(
      fc.property(
        fc.constantFrom(...SCHEMES),
        fc.array(piece, { minLength: 1, maxLength: 7 }),
        (scheme, pieces) => {
          const address = scheme + pieces.join("");
          const quiet = schemeOfQuiet(address, foldLiteral(address));
          if (quiet === undefined) return;
          expect(quiet).toBe(parseDestination(address)?.scheme);
          expect(loud(address)).toEqual([]);
        },
      ),
      { numRuns: 20_000, seed: 20_261_122 },
    );
  });

  it("shows no brand, however its letters are drawn", () => {
    const around = fc.stringMatching(/^[a-z\d.-]{0,6}$/);
    const drawn = fc.constantFrom(["m", "rn"], ["m", "nn"], ["d", "cl"], ["o", "0"], ["l", "1"]);
    fc.assert(
      fc.property(
        fc.constantFrom(...BRANDS.filter(isTelling)),
        around,
        around,
        drawn,
        ({ name }, before, behind, [from = "", to = ""]) => {
          const address = `https://${before}${name.replaceAll(from, to)}${behind}.忘れ.example/`;
          if (schemeOfQuiet(address, address) !== undefined) expect(loud(address)).toEqual([]);
        },
      ),
      { numRuns: 5000, seed: 20_261_122 },
    );
  });

  it("is what most of them are", () => {
    const names = ["忘れ.example", "a%2ecd.example", "घर-4f.logi.example:8080", "x{y.example"];
    for (const name of names) expect(schemeOfQuiet(`smb://${name}/`, `smb://${name}/`)).toBe("smb");
    expect(schemeOfQuiet("https://plain.example/", "https://plain.example/")).toBeUndefined();
  });
});
