import { expect, it } from "vitest";
import type { Config } from "../../../src/app/config/config.ts";
import { createUpstreamRoster } from "../../../src/app/upstream-roster.ts";
import type { UpstreamOfTenant } from "../../../src/core/identity/access-index.ts";
import { DEFAULT_TENANT } from "../../../src/core/identity/tenant.ts";
import type { UpstreamName } from "../../../src/core/units.ts";

const PUBLIC_ONLY = {
  upstreams: [],
  api: { privateUpstreams: false },
} as unknown as Pick<Config, "upstreams" | "api">;

function registered(name: string, entry: object): UpstreamOfTenant {
  const record = {
    name: name as UpstreamName,
    entry: { name, wire: "mcp", url: "https://mcp.example.org/", ...entry },
    createdBy: "alice",
  };
  return { tenant: DEFAULT_TENANT, record };
}

it("tells once of each registered upstream that is not served any more, and why", () => {
  const told: string[] = [];
  const inside = registered("inside", { allow_private: true });
  let there: readonly UpstreamOfTenant[] = [registered("good", {}), inside];
  const roster = createUpstreamRoster(
    PUBLIC_ONLY,
    () => there,
    ({ record }, problems) => told.push(`${record.name}: ${problems[0]?.message}`),
  );
  const why = "upstreams inside are not allowed here; an operator sets api.private_upstreams: true";
  expect(told).toEqual([`inside: ${why}`]);
  expect(roster.upstreams.has("good")).toBe(true);
  expect(roster.upstreams.has("inside")).toBe(false);

  there = [inside];
  roster.refresh();
  expect(roster.upstreams.has("good")).toBe(false);
  expect(told).toHaveLength(1);

  there = [inside, registered("sse", {})];
  roster.refresh();
  expect(told[1]).toMatch(/^sse: /);
});
