import { describe, expect, it } from "vitest";
import { followLedger } from "../../src/stores/ledger/follow-ledger.ts";
import { outcomeFacts } from "../unit/ledger/ledger-facts.ts";
import { acknowledged, record, SMALL, TestLedger } from "./ledger-fixture.ts";

describe("following a ledger", () => {
  it("gives every record once, across segments and chains, while they are written", async () => {
    using test = new TestLedger();
    const first = await test.open({ limits: SMALL });
    await record(first, 10);
    const before = (await test.entries()).length;
    const follow = await followLedger(test.directory);
    expect(await follow()).toEqual([]);

    const hash = await acknowledged(first, "x_new");
    expect((await follow()).map(({ hash: seen }) => seen)).toEqual([hash]);
    const seen = [hash];
    await record(first, 30);
    const second = await test.open({ limits: SMALL });
    await record(second, 30);
    seen.push(...(await follow()).map(({ hash: later }) => later));
    await first.outcome(outcomeFacts("x_new", hash));
    await first.seal();
    await second.seal();
    seen.push(...(await follow()).map(({ hash: later }) => later));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe((await test.entries()).length - before);
  });
});
