/** Holds and erasures asked of one replica, done by all of them, also by one that was dead. */
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { administer, type Ask } from "../support/management.ts";
import { startHeldUpstream } from "../support/held-upstream.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startRedis } from "../support/redis-server.ts";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";

const JANE = "jane@example.org";
const POLICY = `
version: 1
agents: [tester]
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow }
`;

/** Files of a data directory that name Jane, in whatever bytes. */
function filesWithJane({ dataDirectory }: SallyportProcess): string[] {
  return readdirSync(dataDirectory, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file, "latin1").includes("jane@"));
}

/** How often a change is on the ledger of a gate, by its segments. */
function recorded({ dataDirectory }: SallyportProcess, change: string): number {
  const ledger = join(dataDirectory, "ledger");
  return readdirSync(ledger, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => readFileSync(join(ledger, name), "utf8"))
    .reduce((sum, text) => sum + text.split(`"change":"${change}"`).length - 1, 0);
}

async function crash(gate: SallyportProcess): Promise<void> {
  const dead = once(gate.child, "exit");
  gate.child.kill("SIGKILL");
  await dead;
}

const statesOf = (order: { replicas: { this: boolean; state: string }[] }) =>
  order.replicas.toSorted((a, b) => Number(b.this) - Number(a.this)).map(({ state }) => state);

describe("orders to replicas", () => {
  it.each(["a Redis alone", "a PostgreSQL and a Redis"])(
    "reach a replica that was dead, once, over %s",
    async (what) => {
      await using redis = await startRedis();
      await using postgres = what.includes("PostgreSQL") ? await startPostgres() : undefined;
      await using web = await startHeldUpstream();
      const setup = {
        config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester, accept: [user] }
store: ${redis.url}
redis: { prefix: "t-${randomUUID()}", timeout_ms: 400 }
upstreams: [{ name: web, wire: http, url: "${web.upstream.url}", allow_private: true }]
`,
        policies: { "tester.yaml": POLICY },
        env: {
          SALLYPORT_VAULT_KEY: randomBytes(32).toString("base64"),
          ...(postgres !== undefined && { SALLYPORT_DIRECTORY_URL: postgres.url }),
        },
      };
      await using one = await startSallyport(setup);
      await using two = await startSallyport(setup);
      const ask: Ask = await administer(one);
      for (const gate of [one, two]) {
        const headers = { "x-sallyport-user": JANE };
        expect((await fetch(`${gate.url}/web/now`, { headers })).status).toBe(200);
      }
      const known = async () => (await ask("GET", "/ledger/replicas")).items.length;
      await expect.poll(known).toBe(2);
      await crash(two);

      // It is dead: what is ordered now is open there, and GET says so.
      const kept = await ask("POST", "/ledger/holds", { reason: "case 4711", person: "bob" });
      expect(await ask("GET", `/ledger/holds/${kept.id}`).then(statesOf)).toEqual([
        "placed",
        "pending",
      ]);
      const order = { person: JANE, reason: "art. 17" };
      const erased = await ask("POST", "/ledger/erasures", order);
      expect(statesOf(erased)).toEqual(["erased", "pending"]);
      await expect.poll(() => filesWithJane(one)).toEqual([]);
      expect(filesWithJane(two)).not.toEqual([]);
      await ask("DELETE", `/ledger/holds/${kept.id}`);

      // Started and killed while it is at it, as often as it takes to be anywhere in between.
      for (let round = 0; round < 3; round += 1) await crash(await two.restart());
      await using again = await two.restart();
      const path = `/ledger/erasures/${erased.id}`;
      await expect.poll(() => ask("GET", path).then(statesOf)).toEqual(["erased", "erased"]);
      await expect
        .poll(() => ask("GET", `/ledger/holds/${kept.id}`).then(statesOf))
        .toEqual(["released", "released"]);
      await expect.poll(() => filesWithJane(again)).toEqual([]);
      // Asked again, of the other one: nothing is done twice.
      const { env } = setup;
      const ledger = (...words: string[]) =>
        runSallyport(["ledger", ...words, "--config", again.configFile], { env });
      const repeated = await ledger("erase", JANE, "--reason", "art. 17");
      expect(repeated.output).toMatch(/erased; the records say per_/);
      const names = ["personal.erased", "legal_hold.placed", "legal_hold.released"];
      for (const gate of [one, again]) {
        expect(names.map((name) => recorded(gate, name))).toEqual([1, 1, 1]);
      }
      expect((await ledger("erasures")).output.match(/^ {2}erased/gm)).toHaveLength(2);
      expect(await ledger("verify")).toMatchObject({ code: 0 });
    },
  );
});
