import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DeadDeliveries } from "../../../src/app/observe/dead-deliveries.ts";
import { id, instant, type TenantId } from "../../../src/core/units.ts";
import { SqliteDeliveryStore } from "../../../src/stores/sqlite/delivery-store.ts";

const NOW = instant(1_800_000_000_000);
let home: string;
let path: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "dead-"));
  path = join(home, "notifications.db");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

it("counts what was given up, of whichever tenant, until it is sent again", async () => {
  using dead = new DeadDeliveries(path);
  expect(await dead.count()).toBe(0);
  using queue = new SqliteDeliveryStore(path);
  for (const tenant of ["a", "b", "c"]) {
    const notification = {
      id: `ntf_${tenant}`,
      at: NOW,
      tenant: id(tenant) as TenantId,
      event: "agent_stopped",
      subject: "agent:bot",
      summary: "bot was stopped.",
      data: {},
    } as const;
    queue.add(notification, ["sub_1"]);
  }
  const [first, second, third] = queue.claim(NOW, NOW, 3);
  const refused = { status: 400, error: "answered 400" };
  queue.settle(first?.id ?? "", "dead", NOW, refused);
  queue.settle(second?.id ?? "", "dead", NOW, refused);
  queue.settle(third?.id ?? "", "delivered", NOW, { status: 200, error: undefined });
  expect(await dead.count()).toBe(2);
  queue.revive(id(first?.tenant ?? ""), first?.id ?? "", NOW);
  expect(await dead.count()).toBe(1);
});
