import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";

let fixture: NativeFixture;

beforeEach(async () => void (fixture = await openNativeFixture()));
afterEach(() => fixture[Symbol.asyncDispose]());

const MARKED = "/core/v1/session-marks?agent=config-bot&session=marked";

describe("/session-marks", () => {
  it("shows what binds a session, and takes it off once", async () => {
    const found = { agent: "config-bot", session: "marked", marks: ["untrusted"] };
    expect(await fixture.ask("GET", MARKED)).toMatchObject({ status: 200, json: found });
    expect(await fixture.ask("DELETE", MARKED)).toMatchObject({ status: 200, json: found });
    const left = { ...found, marks: [] };
    expect(await fixture.ask("GET", MARKED)).toMatchObject({ status: 200, json: left });
    expect(await fixture.ask("DELETE", MARKED)).toMatchObject({ status: 200, json: left });
  });

  it("means the standing session where none is named, and wants an agent", async () => {
    const standing = await fixture.ask("GET", "/core/v1/session-marks?agent=config-bot");
    expect(standing.json).toMatchObject({ session: "config-bot/default", marks: [] });
    expect((await fixture.ask("GET", "/core/v1/session-marks")).status).toBe(400);
  });
});
