import { describe, expect, it } from "vitest";
import { readPlannedCall } from "../../../src/operations/planning/planned-call.ts";

const actionOf = (asked: Parameters<typeof readPlannedCall>[0]): unknown => {
  const reading = readPlannedCall(asked);
  return reading.kind === "ok" ? reading.call.action : reading.problem;
};

describe("a planned call", () => {
  it("of a host is the one that the forward proxy would judge", () => {
    const tunnel = { method: "CONNECT", path: "/", special: "tunnel", upstream: "forward-proxy" };
    expect(actionOf({ method: "connect", host: "PyPI.org" })).toMatchObject({
      ...tunnel,
      host: "pypi.org",
    });
    expect(actionOf({ method: "CONNECT", host: "pypi.org:8443" })).toMatchObject({
      ...tunnel,
      host: "pypi.org:8443",
    });
    expect(actionOf({ method: "GET", host: "a.example:80", path: "/x" })).toMatchObject({
      host: "a.example",
      path: "/x",
      special: "forwarded",
    });
  });

  it.each([
    [{ host: "pypi.org" }, /Name exactly one/],
    [{ method: "GET", host: "pypi.org" }, /path that starts with a slash/],
    [{ method: "CONNECT", host: "ada@pypi.org" }, /without a user/],
    [{ method: "CONNECT", host: "pypi.org:0" }, /port must be named/],
    [{ method: "CONNECT", host: "pypi.org", upstream: "web" }, /an upstream or a host/],
    [{ model: "gpt-4.1", host: "pypi.org" }, /host comes with a method/],
    [{ method: "GET", path: "/x" }, /upstream must name/],
    [{ tool: "look" }, /upstream\.tool/],
  ])("%j says what is wrong with it", (asked, problem) => {
    expect(actionOf(asked)).toMatch(problem);
  });
});
