import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  CircuitBreaker,
  FAILURES_MAX,
  PAUSE_MIN,
} from "../../../src/stores/redis/circuit-breaker.ts";
import { Deadlines } from "../../../src/stores/redis/deadlines.ts";

describe("the circuit breaker", () => {
  function breaker() {
    const clock = { at: 0 };
    return { clock, circuit: new CircuitBreaker(() => clock.at) };
  }

  it("opens after failures in a row, and not after as many with a success between", () => {
    const { circuit } = breaker();
    for (let n = 1; n < FAILURES_MAX; n += 1) circuit.failed();
    circuit.succeeded();
    for (let n = 1; n < FAILURES_MAX; n += 1) circuit.failed();
    expect(circuit.admit()).toBe(true);
    circuit.failed();
    expect(circuit.admit()).toBe(false);
  });

  it("lets one call through after a pause, and all after that one succeeded", () => {
    const { circuit, clock } = breaker();
    for (let n = 0; n < FAILURES_MAX; n += 1) circuit.failed();
    clock.at += PAUSE_MIN;
    expect([circuit.admit(), circuit.admit()]).toEqual([true, false]);
    circuit.succeeded();
    expect([circuit.admit(), circuit.admit()]).toEqual([true, true]);
  });

  it("pauses longer while it keeps failing, but never for long", () => {
    const { circuit, clock } = breaker();
    for (let n = 0; n < 100; n += 1) circuit.failed();
    clock.at += PAUSE_MIN;
    expect(circuit.admit()).toBe(false);
    clock.at += 2000;
    expect(circuit.admit()).toBe(true);
  });
});

describe("deadlines", () => {
  const never = new Promise<string>(() => undefined);

  it("pass on what comes in time, and what fails", async () => {
    using deadlines = new Deadlines(10_000);
    const late = (): Error => new Error("late");
    expect(await deadlines.guard(Promise.resolve("ok"), late)).toBe("ok");
    await expect(deadlines.guard(Promise.reject(new Error("no")), late)).rejects.toThrow("no");
  });

  it("give up what takes too long, each at its own time", async () => {
    using deadlines = new Deadlines(20);
    const order: string[] = [];
    const give = (name: string) =>
      deadlines.guard(never, () => new Error(name)).catch(() => order.push(name));
    const first = give("first");
    await pause(5);
    await Promise.all([first, give("second")]);
    expect(order).toEqual(["first", "second"]);
  });

  it("do not count the time in which this process could not listen", async () => {
    using deadlines = new Deadlines(20);
    const { promise, resolve } = Promise.withResolvers<string>();
    const guarded = deadlines.guard(promise, () => new Error("late"));
    // What has arrived on a socket is read after the timers: here, in the next turn.
    setImmediate(() => resolve("there"));
    const until = performance.now() + 40;
    while (performance.now() < until);
    expect(await guarded).toBe("there");
  });

  it("end everything that waits when they are disposed of", async () => {
    const deadlines = new Deadlines(10_000);
    const guarded = deadlines.guard(never, () => new Error("closed"));
    deadlines[Symbol.dispose]();
    await expect(guarded).rejects.toThrow("closed");
  });
});
