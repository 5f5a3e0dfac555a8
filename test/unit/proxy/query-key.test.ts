import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { takeQueryKey } from "../../../src/proxy/query-key.ts";

describe("takeQueryKey", () => {
  it.each([
    ["", ""],
    ["?key=spt_a", ""],
    ["?alt=sse&key=spt_a", "?alt=sse"],
    ["?key=spt_a&q=%2f+b&x", "?q=%2f+b&x"],
    ["?%6bey=%73pt_a&alt=sse", "?alt=sse"],
    ["?$key=spt_a&key=spt_a", ""],
  ])("takes the key out of %j and leaves %j as it came", (query, left) => {
    const taken = takeQueryKey(query, undefined);
    expect(taken).toEqual({
      query: left,
      key: query === "" ? undefined : "spt_a",
      problem: undefined,
    });
  });

  it("leaves every other query alone: only our prefix makes a key ours", () => {
    for (const query of ["?", "?key=AIza", "?key", "?apikey=spt_a", "?key=%ZZ", "?monkey=spt_b"]) {
      expect(takeQueryKey(query, "spt_h")).toEqual({ query, key: "spt_h", problem: undefined });
    }
  });

  it("takes it out also beside the same key in a header, and refuses a different one", () => {
    expect(takeQueryKey("?key=spt_a", "spt_a")).toMatchObject({ query: "", key: "spt_a" });
    expect(takeQueryKey("?key=spt_a", "spt_b").problem).toMatch(/two Sallyport keys/u);
    expect(takeQueryKey("?key=spt_a&key=spt_b", undefined).problem).toMatch(/two/u);
  });

  it("never lets a key go on, wherever in the query it stands", () => {
    const other = fc.constantFrom("alt=sse", "key=AIza", "x", "q=%20", "pageSize=1");
    fc.assert(
      fc.property(fc.array(other), fc.array(other), (before, after) => {
        const query = `?${[...before, "key=spt_secret", ...after].join("&")}`;
        const taken = takeQueryKey(query, undefined);
        expect(taken.key).toBe("spt_secret");
        expect(taken.query).not.toContain("spt_secret");
        expect(taken.query).toBe(
          before.length + after.length === 0 ? "" : `?${[...before, ...after].join("&")}`,
        );
      }),
    );
  });
});
