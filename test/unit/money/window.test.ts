import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Window } from "../../../src/core/money/budget.ts";
import { offsetAt } from "../../../src/core/money/time-zone.ts";
import { turnAt } from "../../../src/core/money/window.ts";
import { instant, type Instant } from "../../../src/core/units.ts";

type Every = Extract<Window, { kind: "calendar" }>["every"];

const window = (every: Every, tz: string) => ({ kind: "calendar", every, tz }) as const;
const at = (iso: string): Instant => instant(Date.parse(iso));
const iso = (time: number): string => new Date(time).toISOString();
const turn = (every: Every, tz: string, time: string) => {
  const { label, startsAt, endsAt } = turnAt(window(every, tz), at(time));
  return [label, iso(startsAt), iso(endsAt)];
};

const HOUR_MS = 3_600_000;

describe("a calendar window", () => {
  it.each([
    ["minute", "UTC", "2026-11-21T10:30:59.999Z", "2026-11-21T10:30Z", "2026-11-21T10:31Z"],
    ["hour", "UTC", "2026-11-21T10:30:00Z", "2026-11-21T10:00Z", "2026-11-21T11:00Z"],
    ["hour", "Asia/Kolkata", "2026-11-21T10:29:00Z", "2026-11-21T09:30Z", "2026-11-21T10:30Z"],
    ["day", "UTC", "2026-11-21T00:00:00Z", "2026-11-21T00:00Z", "2026-11-22T00:00Z"],
    ["day", "America/New_York", "2026-11-21T04:59:59Z", "2026-11-20T05:00Z", "2026-11-21T05:00Z"],
    ["month", "UTC", "2026-12-31T23:59:59Z", "2026-12-01T00:00Z", "2027-01-01T00:00Z"],
    ["month", "Asia/Tokyo", "2026-11-30T15:00:00Z", "2026-11-30T15:00Z", "2026-12-31T15:00Z"],
  ] as const)("of one %s in %s at %s", (every, tz, time, start, end) => {
    const { startsAt, endsAt } = turnAt(window(every, tz), at(time));
    expect([iso(startsAt), iso(endsAt)]).toEqual([iso(at(start)), iso(at(end))]);
  });

  it("has a day of 23 hours in spring and of 25 in autumn", () => {
    expect(turn("day", "Europe/Berlin", "2026-03-29T12:00:00Z")).toEqual([
      "day:2026-03-29@Europe/Berlin",
      "2026-03-28T23:00:00.000Z",
      "2026-03-29T22:00:00.000Z",
    ]);
    expect(turn("day", "Europe/Berlin", "2026-10-25T12:00:00Z")).toEqual([
      "day:2026-10-25@Europe/Berlin",
      "2026-10-24T22:00:00.000Z",
      "2026-10-25T23:00:00.000Z",
    ]);
  });

  it("starts the day when the clock jumps over midnight", () => {
    // Cairo put its clocks from 00:00 to 01:00 on 2024-04-26.
    expect(turn("day", "Africa/Cairo", "2024-04-26T12:00:00Z")).toEqual([
      "day:2024-04-26@Africa/Cairo",
      "2024-04-25T22:00:00.000Z",
      "2024-04-26T21:00:00.000Z",
    ]);
  });

  it("starts the day at the first of two midnights", () => {
    // Havana puts its clocks from 01:00 back to 00:00: 2025-11-02 has 25 hours.
    const { startsAt, endsAt } = turnAt(window("day", "America/Havana"), at("2025-11-02T12:00Z"));
    expect(iso(startsAt)).toBe("2025-11-02T04:00:00.000Z");
    expect(endsAt - startsAt).toBe(25 * HOUR_MS);
  });

  it("skips a date that a country skipped", () => {
    // Samoa went from 29 to 31 December 2011.
    expect(turn("day", "Pacific/Apia", "2011-12-30T09:59:59Z")[0]).toBe(
      "day:2011-12-29@Pacific/Apia",
    );
    expect(turn("day", "Pacific/Apia", "2011-12-30T10:00:00Z")).toEqual([
      "day:2011-12-31@Pacific/Apia",
      "2011-12-30T10:00:00.000Z",
      "2011-12-31T10:00:00.000Z",
    ]);
  });

  it("counts the hour that autumn repeats as two", () => {
    const first = turn("hour", "Europe/Berlin", "2026-10-25T00:30:00Z");
    const second = turn("hour", "Europe/Berlin", "2026-10-25T01:30:00Z");
    expect(first[0]).not.toBe(second[0]);
  });

  it("computes a turn once and hands the same one out until it ends", () => {
    const day = window("day", "Europe/Berlin");
    const morning = turnAt(day, at("2026-11-21T06:00Z"));
    expect(turnAt(day, at("2026-11-21T22:59:59Z"))).toBe(morning);
    expect(turnAt(day, at("2026-11-21T23:00:00Z"))).not.toBe(morning);
    expect(turnAt(day, at("2026-11-21T06:00Z"))).toEqual(morning);
  });

  it("throws for a time zone that there is not", () => {
    expect(() => turnAt(window("day", "Europe/Atlantis"), at("2026-01-01T00:00Z"))).toThrow(
      RangeError,
    );
  });

  const ZONE = fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
  );
  const TIME = fc.integer({ min: at("1990-01-01T00:00Z"), max: at("2037-12-31T00:00Z") });

  it("covers all of time without gap or overlap, in any zone", () => {
    fc.assert(
      fc.property(ZONE, fc.constantFrom<Every>("day", "month"), TIME, (tz, every, time) => {
        const now = turnAt(window(every, tz), instant(time));
        expect(now.startsAt).toBeLessThanOrEqual(time);
        expect(now.endsAt).toBeGreaterThan(time);
        const next = turnAt(window(every, tz), now.endsAt);
        expect(next.startsAt).toBe(now.endsAt);
        expect(next.label > now.label).toBe(true);
        expect(turnAt(window(every, tz), now.startsAt)).toEqual(now);
        expect(turnAt(window(every, tz), instant(now.endsAt - 1))).toEqual(now);
      }),
      { numRuns: 2000 },
    );
  });

  it("finds the turn that contains the time, for minutes and hours too", () => {
    fc.assert(
      fc.property(ZONE, fc.constantFrom<Every>("minute", "hour"), TIME, (tz, every, time) => {
        const now = turnAt(window(every, tz), instant(time));
        expect(now.startsAt).toBeLessThanOrEqual(time);
        expect(now.endsAt).toBeGreaterThan(time);
        expect(Math.abs((now.startsAt + offsetAt(tz, time)) % 60_000)).toBe(0);
      }),
    );
  });
});
