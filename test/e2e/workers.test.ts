/** Two processes behind one address: as exact as one, and the death of one is survived. */
import { once } from "node:events";
import { join } from "node:path";
import { Agent, get } from "node:http";
import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { instant } from "../../src/core/units.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { startHeldUpstream, type HeldUpstream } from "../support/held-upstream.ts";
import { startHttpGateway } from "../support/http-gateway.ts";
import { outcomeOf, readRecorded, verifyRecorded } from "../support/recorded.ts";
import { runSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { isAlive, workersOf } from "../support/worker-processes.ts";

/** What comes by itself must come within this, however busy the machine. */
const SOON = { timeout: 15_000 };
const PATIENCE_MS = 20_000;
const WORKERS = 2;
const CALLS = 200;
const FIT = 100;

const policy = (limit: number): string => `
version: 1
agents: [tester]
budgets:
  calls: { limit: ${limit} calls, per: agent, window: lifetime }
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow, charge: calls }
`;

let held: HeldUpstream;
let sallyport: SallyportProcess;
beforeEach(async () => {
  held = await startHeldUpstream();
  sallyport = await startHttpGateway({
    upstreamUrl: held.upstream.url,
    config: `workers: ${WORKERS}\n`,
    policy: policy(FIT),
  });
});
afterEach(async () => {
  await sallyport[Symbol.asyncDispose]();
  await held[Symbol.asyncDispose]();
});

type Answer = number | "broken" | "hanging";

/** Over a connection of its own: the kernel chooses a worker for each. */
async function answerTo(path: string): Promise<Answer> {
  const agent = new Agent({ keepAlive: false });
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return new Promise((resolve) => {
    const broken = (): void => resolve(signal.aborted ? "hanging" : "broken");
    get(`${sallyport.url}${path}`, { agent, signal }, (reply) => {
      reply.resume().once("end", () => resolve(reply.statusCode ?? "broken"));
      reply.once("error", broken);
    }).once("error", broken);
  });
}

interface OpenStreams {
  readonly replies: readonly Response[];
  readonly finishes: readonly (() => void)[];
}

/** Streams that both workers have their part of. */
async function streamsOnBoth(): Promise<OpenStreams> {
  const replies: Response[] = [];
  const finishes: (() => void)[] = [];
  while (replies.length < 4 || (await intentsByWriter()).size < WORKERS) {
    const headers = { connection: "close" };
    replies.push(await fetch(`${sallyport.url}/web/stream`, { headers }));
    finishes.push(await held.next());
  }
  return { replies, finishes };
}

async function spent(): Promise<readonly (readonly [number, number])[]> {
  const path = join(sallyport.dataDirectory, "budgets.db");
  await using store = openBudgetStore(path, () => instant(Date.now()));
  const balances = await store.balances(["default|calls|tester|lifetime"]);
  return balances.map((balance) => [balance.spent, balance.held]);
}

/** Intents of each chain. */
async function intentsByWriter(): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { writer } of (await readRecorded(sallyport.dataDirectory)).intents.values()) {
    counts.set(writer, (counts.get(writer) ?? 0) + 1);
  }
  return counts;
}

async function expectSealed(chains: number): Promise<void> {
  const reports = await verifyRecorded(sallyport.dataDirectory);
  expect(reports.map(({ sealed, problems }) => ({ sealed, problems }))).toEqual(
    Array.from({ length: chains }, () => ({ sealed: true, problems: [] })),
  );
}

describe("two workers", () => {
  it(`let exactly ${FIT} of ${CALLS} parallel calls through where ${FIT} fit`, async () => {
    const statuses = await Promise.all(
      Array.from({ length: CALLS }, (_, index) => answerTo(`/web/now-${index}`)),
    );
    expect(statuses.filter((status) => status === 200).length).toBe(FIT);
    expect(statuses.filter((status) => status === 402).length).toBe(CALLS - FIT);
    expect(held.upstream.requests.length).toBe(FIT);
    await expect.poll(spent, SOON).toEqual([[FIT, 0]]);

    // One of them may have had the money for all that passed; refusals are on the record too.
    const { intents, outcomes } = await readRecorded(sallyport.dataDirectory);
    const writers = new Set([...outcomes.values()].flat().map(({ writer }) => writer));
    expect(writers.size, "both answer, a chain each").toBe(WORKERS);
    expect(intents.size).toBe(FIT);
    expect(await sallyport.stop()).toBe(0);
    await expectSealed(WORKERS);
    const told = await runSallyport(["ledger", "verify", "--config", sallyport.configFile]);
    expect(told.code, told.output).toBe(0);
    for (const writer of writers) expect(told.output).toContain(writer);
  });

  it("take a changed policy together, on SIGHUP to the first process alone", async () => {
    expect(await answerTo("/web/now-before")).toBe(200);
    const file = join(sallyport.directory, "policies", "web.yaml");
    writeFileSync(file, policy(FIT).replace("upstreams: [web]", "upstreams: [other]"));
    sallyport.child.kill("SIGHUP");
    const all = async (): Promise<readonly Answer[]> =>
      Promise.all(Array.from({ length: 8 }, () => answerTo("/web/now-after")));
    await expect.poll(all, SOON).toEqual(Array.from({ length: 8 }, () => 403));
  });

  it("finish what both are doing when they are stopped", async () => {
    const { replies, finishes } = await streamsOnBoth();
    const ended = once(sallyport.child, "exit");
    sallyport.child.kill("SIGTERM");
    await expect
      .poll(() => fetch(`${sallyport.manageUrl}/readyz`).then(({ status }) => status), SOON)
      .toBe(503);
    for (const finish of finishes) finish();
    for (const reply of replies) expect(await reply.text()).toMatch(/second/);
    expect(await ended).toEqual([0, null]);
    expect((await intentsByWriter()).size).toBe(WORKERS);
    await expectSealed(WORKERS);
  });
});

describe("kill -9", () => {
  it("of one worker breaks its calls alone; another takes its place and its chain", async () => {
    const { replies, finishes } = await streamsOnBoth();
    const before = workersOf(sallyport);
    expect(before.length).toBe(WORKERS);
    const [victim = 0, survivor = 0] = before;
    process.kill(victim, "SIGKILL");
    await expect.poll(() => isAlive(victim), SOON).toBe(false);
    // The other one goes on meanwhile.
    await expect.poll(() => answerTo("/web/now-meanwhile"), SOON).toBe(200);
    for (const finish of finishes) finish();
    const texts = await Promise.all(replies.map((reply) => reply.text().catch(() => "broken")));
    expect(new Set(texts)).toEqual(new Set(["broken", "data: first\n\ndata: second\n\n"]));

    await expect.poll(() => workersOf(sallyport).length, SOON).toBe(WORKERS);
    expect(workersOf(sallyport)).toContain(survivor);
    await expect
      .poll(() => fetch(`${sallyport.manageUrl}/readyz`).then(({ status }) => status), SOON)
      .toBe(200);
    const ids = replies.map((reply) => reply.headers.get("x-sallyport-exchange") ?? "");
    const outcomes = async (): Promise<readonly string[]> => {
      const recorded = await readRecorded(sallyport.dataDirectory);
      return ids.map((id) => recorded.outcomes.get(id)?.[0]?.outcome.kind ?? "none");
    };
    const expected = texts.map((text) => (text === "broken" ? "unknown" : "completed"));
    await expect.poll(outcomes, SOON).toEqual(expected);
    // Once it serves, both do.
    const served = await intentsByWriter();
    await expect
      .poll(async () => {
        await Promise.all([answerTo("/web/now-more"), answerTo("/web/now-more")]);
        const now = await intentsByWriter();
        return [...now].filter(([writer, count]) => count > (served.get(writer) ?? 0)).length;
      }, SOON)
      .toBe(WORKERS);

    expect(await sallyport.stop()).toBe(0);
    await expectSealed(WORKERS);
    const recorded = await readRecorded(sallyport.dataDirectory);
    for (const id of recorded.intents.keys()) outcomeOf(recorded, id);
  });

  it("of one worker under load leaves no call without an end", async () => {
    const answers: Answer[] = [];
    const until = new AbortController();
    const callers = Array.from({ length: 8 }, async () => {
      while (!until.signal.aborted) answers.push(await answerTo("/web/now-load"));
    });
    await expect.poll(() => answers.length, SOON).toBeGreaterThan(20);
    const [victim = 0] = workersOf(sallyport);
    process.kill(victim, "SIGKILL");
    await expect.poll(() => isAlive(victim), SOON).toBe(false);
    const atDeath = answers.length;
    await expect.poll(() => workersOf(sallyport).length, SOON).toBe(WORKERS);
    await expect.poll(() => answers.length, SOON).toBeGreaterThan(atDeath + 20);
    const atRecovery = answers.length;
    await expect.poll(() => answers.length, SOON).toBeGreaterThan(atRecovery + 20);
    until.abort();
    await Promise.all(callers);
    // 402 once the budget is used up: an answer like any other.
    expect(answers.filter((answer) => ![200, 402, "broken"].includes(answer))).toEqual([]);
    // A caller may lose two: the one it waited for, and one that was queued while the worker died.
    const broken = answers.filter((answer) => answer === "broken").length;
    expect(broken, "what the dead one had").toBeLessThanOrEqual(2 * callers.length);
    expect(answers.slice(atRecovery)).not.toContain("broken");
  });

  it("of the first process ends its workers too, and the next start finds everything", async () => {
    const reply = await fetch(`${sallyport.url}/web/stream`, { headers: { connection: "close" } });
    await held.next();
    const workers = workersOf(sallyport);
    const ended = once(sallyport.child, "exit");
    sallyport.child.kill("SIGKILL");
    await ended;
    await expect(reply.text()).rejects.toThrow();
    await expect.poll(() => workers.filter(isAlive), SOON).toEqual([]);

    sallyport = await sallyport.restart();
    const recorded = await readRecorded(sallyport.dataDirectory);
    const exchange = reply.headers.get("x-sallyport-exchange") ?? "";
    expect(outcomeOf(recorded, exchange).outcome.kind).toBe("unknown");
    expect(await answerTo("/web/now-after")).toBe(200);
    expect(await sallyport.stop()).toBe(0);
    // Two that look for a chain at the same moment may both pass one by and begin another.
    const reports = await verifyRecorded(sallyport.dataDirectory);
    expect(reports.length).toBeGreaterThanOrEqual(WORKERS);
    expect(reports.filter(({ sealed, problems }) => !sealed || problems.length > 0)).toEqual([]);
  });
});
