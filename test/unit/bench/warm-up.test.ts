import { expect, test } from "vitest";
import { fallsNoFurther, warmUp } from "../../bench/warm-up.ts";

test("a course that still falls is not steady, and neither is one that has hardly begun", () => {
  expect(fallsNoFurther([])).toBe(false);
  expect(fallsNoFurther([100, 100, 100])).toBe(false);
  expect(fallsNoFurther([300, 200, 180, 170, 160, 150])).toBe(false);
});

test("a course is steady when three steps brought nothing, whatever one dear step among them", () => {
  expect(fallsNoFurther([300, 160, 150, 149, 400, 151])).toBe(true);
  expect(fallsNoFurther([300, 160, 150, 400, 149, 140])).toBe(false);
});

/** A subject whose requests get cheaper for as long as `compiling` says. */
function subject(compiling: number) {
  return { answered: 0, compiling };
}

function serve(one: ReturnType<typeof subject>) {
  one.answered += 1000;
  const cpuUs = 1000 * (100 + Math.max(0, one.compiling - one.answered) / 100);
  return Promise.resolve({ requests: 1000, seconds: 1, cpuUs });
}

test("all subjects answer as many requests, until the slowest to warm is steady", async () => {
  const [quick, slow] = [subject(0), subject(40_000)];
  const warmed = await warmUp([quick, slow], serve, { stepRequests: 5000, seconds: 1000 });
  expect(warmed.steady).toBe(true);
  expect(quick.answered).toBe(slow.answered);
  expect(slow.answered).toBeGreaterThanOrEqual(40_000);
});

test("where the time runs out the warm-up ends, and says that nothing is steady", async () => {
  const slow = subject(1_000_000);
  const warmed = await warmUp([slow], serve, { stepRequests: 5000, seconds: 12 });
  expect(warmed.steady).toBe(false);
  expect(slow.answered).toBe(12_000);
});
