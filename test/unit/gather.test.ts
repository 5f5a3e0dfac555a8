import { setImmediate as turn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Gather } from "../../src/stores/gather.ts";

test("a call that is alone begins at once", () => {
  const begin = vi.fn();
  new Gather(begin).more(true);
  expect(begin).toHaveBeenCalledTimes(1);
});

test("a call that has company begins at the end of its turn", async () => {
  const begin = vi.fn();
  new Gather(begin).more(false);
  expect(begin).not.toHaveBeenCalled();
  await turn();
  expect(begin).toHaveBeenCalledTimes(1);
});

test("calls of one turn share one beginning", async () => {
  const begin = vi.fn();
  const gather = new Gather(begin);
  for (let call = 0; call < 3; call += 1) gather.more(false);
  await turn();
  expect(begin).toHaveBeenCalledTimes(1);
});

test("in a crowd everybody is begun with, and in fewer commits than there are calls", async () => {
  let waiting = 0;
  let begun = 0;
  let commits = 0;
  const gather = new Gather(() => {
    commits += 1;
    begun += waiting;
    waiting = 0;
  });
  const calls = 2000;
  for (let call = 0; call < calls; call += 1) {
    waiting += 1;
    gather.more(false);
    if (call % 4 === 0) await turn();
  }
  await eventually(() => expect(begun).toBe(calls));
  // Four calls come in each turn; a commit a turn would be 500 of them.
  expect(commits).toBeLessThan(250);
});

test("after a crowd even a call that is alone waits, until calls come one by one again", async () => {
  let begun = 0;
  const gather = new Gather(() => (begun += 1));
  const beginning = async (count: number): Promise<void> => {
    while (begun < count) await turn();
  };
  for (let call = 0; call < 64; call += 1) gather.more(false);
  await beginning(1);
  gather.more(true);
  expect(begun).toBe(1);
  await beginning(2);
  for (let call = 0; call < 64; call += 1) {
    gather.more(true);
    await beginning(3 + call);
  }
  gather.more(true);
  expect(begun).toBe(67);
});

test("what was stopped does not begin", async () => {
  const begin = vi.fn();
  const gather = new Gather(begin);
  gather.more(false);
  gather.stop();
  await turn();
  expect(begin).not.toHaveBeenCalled();
});
