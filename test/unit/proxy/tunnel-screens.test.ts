import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import type { Facts } from "../../../src/core/evidence.ts";
import { NO_INSPECTION } from "../../../src/core/inspect/inspection.ts";
import type { Upstream } from "../../../src/core/upstream.ts";
import { writeFrame } from "../../../src/proxy/upgrade/frame-reader.ts";
import { createTunnelScreens } from "../../../src/proxy/upgrade/tunnel-screens.ts";
import { looking } from "../inspect/inspections.ts";

const upstream = {
  requestBytesMax: 100,
  responseBytesMax: 100,
  unscannable: "refuse",
} as Upstream;

const inspections = (asked: boolean, answered: boolean) => ({
  request: asked ? looking(["secret"], "block", 60) : NO_INSPECTION.request,
  response: answered ? looking(["injection"], "block", 80) : NO_INSPECTION.response,
  toolResult: NO_INSPECTION.tool_result,
});

function opened(asked: boolean, answered: boolean) {
  const cuts: string[] = [];
  const screens = createTunnelScreens(inspections(asked, answered), [], upstream, ({ code }) => {
    cuts.push(code);
  });
  const facts = {} as Facts;
  return { screens, cuts, facts };
}

describe("the two ways of a tunnel", () => {
  it("are left alone where no rule looks at either", () => {
    expect(opened(false, false).screens).toBeUndefined();
  });

  it("are on the record as asked or not, each for itself", () => {
    const { screens, facts } = opened(true, false);
    screens?.out.write(writeFrame(1, Buffer.from("hello"), Buffer.alloc(4)));
    screens?.back.write(writeFrame(1, Buffer.from("world"), undefined));
    expect(screens?.report(facts).scan).toEqual({ kind: "none", reason: "not_asked" });
    expect(facts.requestScan).toEqual({ kind: "scanned", bytes: 5 });
  });

  it("refuse what is too large only where somebody wanted a look", () => {
    const large = Buffer.alloc(200, "a");
    const asked = opened(true, false);
    asked.screens?.back.write(writeFrame(1, large, undefined));
    expect(asked.cuts).toEqual([]);
    asked.screens?.out.write(writeFrame(1, large, Buffer.alloc(4)));
    expect(asked.cuts).toEqual(["request_blocked"]);
    const answered = opened(false, true);
    answered.screens?.back.write(writeFrame(1, large, undefined));
    expect(answered.cuts).toEqual(["response_unscannable"]);
  });
});
