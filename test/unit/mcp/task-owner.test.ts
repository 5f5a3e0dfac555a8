import { expect, it } from "vitest";
import { isOwner, openTask, taskId } from "../../../src/core/task/task.ts";
import { id, instant, millis } from "../../../src/core/units.ts";

const ofSession = (session: string, agent = "bot") => ({
  tenant: id<never>("default"),
  agent: id<never>(agent),
  session: id<never>(session),
});

function taskOf(session: string) {
  return openTask({
    id: taskId("sallyport-task_1"),
    owner: ofSession(session),
    upstream: id("tools"),
    call: { params: "{}", headers: [] },
    now: instant(0),
    kept: millis(1),
    state: { kind: "cancelled" },
  });
}

it.each([
  ["the same session", "run-1", ofSession("run-1"), true],
  ["another session that its client named", "run-1", ofSession("run-2"), false],
  ["another agent", "run-1", ofSession("run-1", "other"), false],
  ["a session of the gate's own after one that ended", "sps_a", ofSession("sps_b"), true],
  ["the same, of another agent", "sps_a", ofSession("sps_b", "other"), false],
  ["a session of the gate's own where the client named one", "run-1", ofSession("sps_b"), false],
  ["a named one where the session was the gate's own", "sps_a", ofSession("run-1"), false],
])("%s: whether the task is its own", (_, session, asker, owns) => {
  expect(isOwner(taskOf(session), asker)).toBe(owns);
});
