import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { definitionHash, type DefinitionRef } from "../../../src/core/trust/definition.ts";
import { observed, TRUST_MODES, type Pin } from "../../../src/core/trust/pin.ts";
import { id, type DefinitionHash } from "../../../src/core/units.ts";

const REF: DefinitionRef = {
  upstream: id("crm"),
  scope: "",
  kind: "tool",
  name: "send",
  era: "2025",
};
const hash = (text: string): DefinitionHash => id(`v1:${text}`);

const sighting = fc.record({
  seen: fc.constantFrom("a", "b", "c").map(hash),
  suspicious: fc.boolean(),
  trust: fc.constantFrom(...TRUST_MODES),
  locked: fc.option(fc.constantFrom("a", "b", "c").map(hash), { nil: undefined }),
});

describe("a pin", () => {
  it("is approved only for the very text that was approved, whatever was seen in between", () => {
    fc.assert(
      fc.property(fc.array(sighting, { minLength: 1, maxLength: 12 }), (sightings) => {
        let pin: Pin | undefined;
        for (const { seen, suspicious, trust, locked } of sightings) {
          const before: Pin | undefined = pin;
          const suspicions = suspicious
            ? [{ kind: "injection" as const, detail: "", holds: true }]
            : [];
          ({ pin } = observed(before, { ref: REF, seen, suspicions, trust, locked }));
          expect(pin.standing === "approved").toBe(pin.approved === pin.seen);
          if (trust === "locked") expect(pin.approved).toBe(locked);
          else if (before !== undefined) expect(pin.approved).toBe(before.approved);
          else expect(pin.approved === seen).toBe(trust === "first_use" && !suspicious);
        }
      }),
    );
  });

  it("has one hash for one definition, however its members are ordered", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (definition) => {
        const entries = Object.entries(definition).toReversed();
        const turned = Object.fromEntries(entries);
        expect(definitionHash(JSON.parse(JSON.stringify(turned)))).toBe(
          definitionHash(JSON.parse(JSON.stringify(definition))),
        );
      }),
    );
  });

  it("has another hash for every other definition", () => {
    const base = { name: "send", description: "d", inputSchema: { type: "object" }, _meta: {} };
    const others = [
      { ...base, description: "D" },
      { ...base, title: "Send" },
      { ...base, annotations: { readOnlyHint: true } },
      { ...base, icons: [{ src: "https://a.example/x.png" }] },
      { ...base, _meta: { x: 1 } },
      { ...base, inputSchema: { type: "object", additionalProperties: false } },
    ];
    expect(new Set([base, ...others].map(definitionHash)).size).toBe(others.length + 1);
  });
});
