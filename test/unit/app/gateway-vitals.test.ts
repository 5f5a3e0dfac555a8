import { describe, expect, it } from "vitest";
import type { GatewayReport } from "../../../src/app/observe/gateway-report.ts";
import { createVitals } from "../../../src/app/observe/gateway-vitals.ts";
import type { Log } from "../../../src/app/observe/logger.ts";
import { StoreUnreachable } from "../../../src/core/identity/directory-store.ts";
import { SecretsUnreachable } from "../../../src/core/secret/secret-store.ts";

/** What is logged of an answer that could not be made. */
function loggedOf(error: unknown): unknown[] {
  const lines: unknown[] = [];
  const say = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, ...fields });
  const log = { error: say("error"), warn: say("warn") } as unknown as Log;
  const identity = { startedAt: "", dataUrl: "", upstreams: [] };
  createVitals(identity, async () => undefined, log).failed(error);
  return lines;
}

describe("an answer of the management API that could not be made", () => {
  it.each([new StoreUnreachable(new Error("starting up")), new SecretsUnreachable("starting up")])(
    "is no bug where a store is away: %o",
    (error) => {
      expect(loggedOf(error)).toEqual([
        { level: "warn", message: "management cannot answer", cause: "starting up" },
      ]);
    },
  );

  it("is a bug otherwise, with its stack", () => {
    const stack = expect.stringContaining("TypeError: oops");
    expect(loggedOf(new TypeError("oops"))).toEqual([{ level: "error", message: "bug", stack }]);
  });
});

const checks = async (reachable: boolean) => {
  const report = {
    ready: true,
    draining: false,
    policy: { problems: [], rules: 1, digest: "d" },
    prices: { problems: [], catalogue: "c" },
    ledgerHealthy: true,
    store: {
      kind: "embedded",
      reachable,
      detail: "budgets.db: file is not a database",
      outages: [],
    },
  } as unknown as GatewayReport;
  const identity = { startedAt: "", dataUrl: "", upstreams: [] };
  return createVitals(identity, async () => report, {} as Log).checks();
};

it("a gate whose own budgets cannot be read is not ready, and says which file", async () => {
  expect(await checks(false)).toContainEqual({
    name: "store",
    ok: false,
    detail: "budgets.db: file is not a database",
  });
  expect((await checks(true)).map(({ name }) => name)).not.toContain("store");
});
