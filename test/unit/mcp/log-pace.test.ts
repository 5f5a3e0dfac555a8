import { expect, it } from "vitest";
import { logPace } from "../../../src/proxy/mcp/transport/log-pace.ts";

it("so many lines a second may go into the log, and one may say that there are more", () => {
  let now = 5;
  const pace = logPace(2, () => now);
  expect([pace(), pace(), pace(), pace()]).toEqual(["go", "go", "over", "stop"]);
  now += 999;
  expect(pace()).toBe("stop");
  now += 1;
  expect(pace()).toBe("go");
});
