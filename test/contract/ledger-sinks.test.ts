/** Sinks on real targets: everything arrives, in order, also after failures and new starts. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, describe, expect, it, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { shipped } from "../../src/core/ledger/shipped-record.ts";
import { factsInOrder } from "../../src/core/ledger/record-facts.ts";
import { parseRedisAddress } from "../../src/stores/redis/redis-address.ts";
import { cursorFile } from "../../src/stores/ledger-sinks/sink-cursor.ts";
import type { SinkAddress, SinkPlan } from "../../src/stores/ledger-sinks/sink-plan.ts";
import { SinkPump } from "../../src/stores/ledger-sinks/sink-pump.ts";
import { HeadSender } from "../../src/stores/ledger/send-heads.ts";
import { sharedRedis } from "../support/shared-redis.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { record, SMALL, TestLedger } from "./ledger-fixture.ts";

const cleanups = new AsyncDisposableStack();
afterAll(() => cleanups.disposeAsync());

interface Place extends Disposable {
  readonly ledger: TestLedger;
  pump(target: SinkAddress, changes?: Partial<SinkPlan>): SinkPump;
}

function place(): Place {
  const ledger = new TestLedger();
  const data = mkdtempSync(join(tmpdir(), "sinks-"));
  return {
    ledger,
    pump: (target, changes = {}) => {
      const plan: SinkPlan = { name: "siem", target, format: "native", kinds: [], ...changes };
      return new SinkPump(plan, {
        ledger: ledger.directory,
        cursorFile: cursorFile(data, plan.name),
      });
    },
    [Symbol.dispose]() {
      rmSync(data, { recursive: true, force: true });
      ledger[Symbol.dispose]();
    },
  };
}

async function write(ledger: TestLedger, count: number): Promise<void> {
  await using chain = await ledger.open({ limits: SMALL });
  await record(chain, count);
}

interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly posts: { readonly body: string; readonly request: IncomingMessage }[];
  /** How many of the next posts are refused; `take` are taken and then refused all the same. */
  refuse: number;
  lose: number;
}

async function receiver(): Promise<Receiver> {
  const posts: Receiver["posts"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => void (body += chunk.toString()));
    request.on("end", () => {
      const refused = found.refuse-- > 0;
      if (!refused) posts.push({ body, request });
      const lost = !refused && found.lose-- > 0;
      response.writeHead(refused || lost ? 503 : 200).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const found: Receiver = {
    url: `http://127.0.0.1:${port}/in`,
    posts,
    refuse: 0,
    lose: 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return found;
}

const idsOf = (posts: Receiver["posts"]): string[] =>
  posts.flatMap(({ body }) => JSON.parse(body).map(({ id }: { id: string }) => id));

const webhook = (url: string): SinkAddress => ({ kind: "webhook", url, tokenFile: undefined });

describe("a webhook", () => {
  it("gets every record in its chain's order, and after a new start only what is new", async () => {
    using at = place();
    await using target = await receiver();
    await write(at.ledger, 40);
    {
      await using pump = at.pump(webhook(target.url));
      await eventually(async () => {
        expect(idsOf(target.posts)).toHaveLength((await at.ledger.entries()).length);
      });
      expect(pump.state).toMatchObject({ failing: undefined, delivered: expect.any(Number) });
    }
    await write(at.ledger, 5);
    {
      await using _pump = at.pump(webhook(target.url));
      await eventually(async () => {
        expect(idsOf(target.posts)).toHaveLength((await at.ledger.entries()).length);
      });
    }
    const places = (await at.ledger.entries()).map(({ writer, seq }) => `${writer}:${seq}`);
    expect(idsOf(target.posts)).toEqual(places);
  });

  it("that refuses, or whose answer is lost, gets all of it at least once", async () => {
    using at = place();
    await using target = await receiver();
    target.refuse = 1;
    target.lose = 1;
    await write(at.ledger, 10);
    await using pump = at.pump(webhook(target.url));
    await eventually(() => expect(pump.state.failing).toBe("it answered 503"));
    await eventually(() => expect(pump.state).toMatchObject({ failing: undefined }));
    const places = (await at.ledger.entries()).map(({ writer, seq }) => `${writer}:${seq}`);
    expect(new Set(idsOf(target.posts))).toEqual(new Set(places));
    expect(idsOf(target.posts).length).toBeGreaterThan(places.length);
  });

  it("gets the kinds that it wants, with its token, in the shape of CloudEvents", async () => {
    using at = place();
    await using target = await receiver();
    await write(at.ledger, 3);
    const tokenFile = join(at.ledger.directory, "..", `token-${process.pid}`);
    writeFileSync(tokenFile, "tok_secret\n");
    cleanups.defer(() => rmSync(tokenFile, { force: true }));
    const address: SinkAddress = { kind: "webhook", url: target.url, tokenFile };
    await using _pump = at.pump(address, { format: "cloudevents", kinds: ["outcome"] });
    await eventually(() => expect(idsOf(target.posts)).toHaveLength(3));
    const [first] = target.posts;
    expect(first?.request.headers).toMatchObject({
      "content-type": "application/cloudevents-batch+json",
      authorization: "Bearer tok_secret",
    });
    expect(JSON.parse(first?.body ?? "")[0]).toMatchObject({
      specversion: "1.0",
      type: "sallyport.ledger.outcome",
      subject: "x_00000",
      data: { kind: "outcome" },
    });
  });
});

describe("OTLP", () => {
  it("gets log records with the deed's facts, also those that its intent told", async () => {
    using at = place();
    await using target = await receiver();
    await write(at.ledger, 2);
    const address: SinkAddress = { kind: "otlp", url: target.url, tokenFile: undefined };
    await using _pump = at.pump(address, { kinds: ["outcome"] });
    await eventually(() => expect(target.posts).toHaveLength(1));
    const [post] = target.posts;
    expect(post?.request.url).toBe("/in/v1/logs");
    const [log] = JSON.parse(post?.body ?? "").resourceLogs[0].scopeLogs[0].logRecords;
    expect(log).toMatchObject({ severityNumber: 9, eventName: "sallyport.ledger.outcome" });
    expect(log.attributes).toContainEqual({
      key: "sallyport.agent",
      value: { stringValue: "support-bot" },
    });
  });
});

describe("Redis", () => {
  it("gets records and signed heads as entries of streams", async () => {
    using at = place();
    const url = await sharedRedis();
    const reply = parseRedisAddress(url);
    if (reply.kind === "wrong") throw new Error(reply.message);
    const { address } = reply;
    const stream = `test:${at.ledger.directory}`;
    await write(at.ledger, 12);
    await using _pump = at.pump({ kind: "redis", address, stream, tokenFile: undefined });
    const redis = new Redis(url);
    try {
      const { length } = await at.ledger.entries();
      await eventually(async () => expect(await redis.xlen(stream)).toBe(length));
      const [[, fields] = ["", []]] = await redis.xrevrange(stream, "+", "-", "COUNT", 1);
      expect(fields.slice(2, 6)).toEqual(["seq", String(length - 1), "kind", "seal"]);
      const sender = new HeadSender({ kind: "redis", address }, vi.fn());
      sender.send('{"head":1}');
      await sender.close();
      const heads = await redis.xrevrange("sallyport:ledger-heads", "+", "-", "COUNT", 1);
      expect(heads[0]?.[1]).toEqual(["head", '{"head":1}']);
    } finally {
      await redis.del(stream, "sallyport:ledger-heads");
      redis.disconnect();
    }
  });
});

describe("PostgreSQL", () => {
  it("has each record once, however often it is sent", async () => {
    using at = place();
    await using server = await startPostgres();
    await write(at.ledger, 12);
    const address: SinkAddress = { kind: "postgres", url: server.url, tokenFile: undefined };
    const { length } = await at.ledger.entries();
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const count = async () => {
      const { rows } = await client.query("SELECT count(*) FROM ledger_shipped");
      return Number(rows[0]?.count);
    };
    try {
      for (const name of ["first", "again"]) {
        await using pump = at.pump(address, { name, format: "ocsf" });
        await eventually(() => expect(pump.state.delivered).toBe(length));
        expect(await count()).toBe(length);
      }
    } finally {
      await client.end();
    }
  });
});

describe("the shape of OCSF", () => {
  it("is an API Activity with who, what, whether it was let through, and the record", async () => {
    using at = place();
    await write(at.ledger, 1);
    const intents = new Map();
    const events = (await at.ledger.entries()).map((entry) => {
      const facts = factsInOrder(intents, entry);
      return shipped({ entry, hash: entry.prev, text: "{}", facts }, "ocsf");
    });
    expect(events.find((event) => "status_id" in event && event.status_id === 1)).toMatchObject({
      class_uid: 6003,
      category_uid: 6,
      type_uid: 600_399,
      activity_name: "llm",
      action_id: 1,
      severity_id: 4,
      actor: { app_name: "support-bot", session: { uid: "s-1" } },
      api: { operation: "gpt-4o-mini-2024-07-18", service: { name: "openai" } },
      metadata: { correlation_uid: "x_00000", tenant_uid: "default" },
    });
  });
});
