/**
 * A thread beside the event loop that reads the ledger: whatever is asked of the record, no exchange
 * waits for it. SQLite answers synchronously here.
 */
import { parentPort, workerData } from "node:worker_threads";
import { setTimeout as pause } from "node:timers/promises";
import { IndexUnreachable } from "../../core/ledger/ledger-index.ts";
import { impossible } from "../../lib/impossible.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { openLedgerIndex, type OpenLedgerIndex } from "../ledger-index/open-ledger-index.ts";
import { exportRecords } from "../ledger/export-records.ts";
import { lastHeads } from "../ledger/head-file.ts";
import { proveConsistency } from "../ledger/prove-consistency.ts";
import { proveRecord } from "../ledger/prove-record.ts";
import { cursorFile } from "../ledger-sinks/sink-cursor.ts";
import type { SinkPlan } from "../ledger-sinks/sink-plan.ts";
import type { SinkPump } from "../ledger-sinks/sink-pump.ts";
import type { FromThread, Question, Reply, ThreadData, ToThread } from "./thread-messages.ts";

/** How long a question waits for the index to be up to date. */
const FEED_MS = 2_000;
/** Between two looks for what arrived, while somebody wants to hear of it. */
const LOOK_MS = 200;

/** Between two reports of the sinks. */
const STATE_MS = 1_000;
/** Between two looks at what is to be shared with other machines. */
const SHARE_MS = 1_000;
/** What a stop waits for; the rest goes out after the next start. */
const FINISH_MS = 3_000;

const data: ThreadData = workerData;
let pumps: Promise<readonly SinkPump[]> = Promise.resolve([]);
let opened: Promise<OpenLedgerIndex> | undefined;
let feeding: Promise<boolean> | undefined;
let fed = 0;
let watching = false;

parentPort?.on("message", (message: ToThread) => {
  switch (message.kind) {
    case "ask":
      return void answer(message.id, message.question);
    case "watch":
      if (message.on && !watching) void watch();
      watching = message.on;
      return;
    case "finish":
      return void finish();
    default:
      return impossible(message);
  }
});

if (data.sinks.length > 0) pumps = openPumps(data.sinks);
// What other machines are asked must not wait for somebody to ask here.
if (data.index.url !== undefined) void keepFed();

async function openPumps(plans: readonly SinkPlan[]): Promise<readonly SinkPump[]> {
  const { SinkPump } = await import("../ledger-sinks/sink-pump.ts");
  const opened = plans.map((plan) => new SinkPump(plan, placeOf(plan)));
  setInterval(() => tell({ kind: "sinks", states: opened.map(({ state }) => state) }), STATE_MS);
  return opened;
}

function placeOf({ name }: SinkPlan) {
  return { ledger: data.index.ledger, cursorFile: cursorFile(data.dataDirectory, name) };
}

async function keepFed(): Promise<void> {
  for (;;) {
    await ready().then(feed).catch(fault);
    await pause(SHARE_MS);
  }
}

async function finish(): Promise<void> {
  const limit = pause(FINISH_MS);
  const shared = data.index.url === undefined ? undefined : ready().then(feed).catch(fault);
  const sent = (await pumps).map((pump) => pump[Symbol.asyncDispose]());
  await Promise.race([limit, Promise.all([shared, ...sent])]);
  tell({ kind: "finished" });
}

async function answer(id: number, question: Question): Promise<void> {
  try {
    tell({ kind: "reply", id, reply: await ask(question) });
  } catch (error) {
    const isTold = error instanceof IndexUnreachable;
    const cause = isTold ? error.cause : error;
    if (cause instanceof Error) tell({ kind: "fault", cause: String(cause) });
    const why = isTold ? error.message : "The ledger's index cannot be read now.";
    tell({ kind: "refusal", id, why });
  }
}

async function ask(question: Question): Promise<Reply> {
  const { kind } = question;
  const { ledger } = data.index;
  switch (kind) {
    case "page":
      return { kind, value: await (await current()).page(question.query) };
    case "find":
      return { kind, value: await (await current()).find(question.tenant, question.name) };
    case "tally":
      return { kind, value: await (await current()).tally(question.query) };
    case "arrivals":
      return { kind, value: await (await current()).arrivals(question.query) };
    case "prove":
      return { kind, value: await proveRecord(ledger, question.writer, question.seq) };
    case "drop":
      await (await current()).drop(question.writer, question.seq);
      return { kind };
    case "forget_person":
      await (await current()).forgetPerson(question.person);
      return { kind };
    case "consistency":
      return { kind, value: await proveConsistency(ledger, question.from) };
    case "heads":
      return { kind, value: await lastHeads(ledger) };
    case "export":
      return { kind, value: await exportRecords(ledger, question.path, question.selection) };
    default:
      return impossible(kind);
  }
}

/** The index, once it knows all that was written when it was asked. */
async function current(): Promise<OpenLedgerIndex> {
  const index = await ready();
  if (await feed(index)) return index;
  throw new IndexUnreachable(`The ledger's index is being built: ${fed} records so far.`);
}

/** A database that cannot be had now is tried again with the next question. */
function ready(): Promise<OpenLedgerIndex> {
  opened ??= openLedgerIndex(data.index).catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

/** One at a time; true once the index knows all that was written when it was asked. */
async function feed(index: OpenLedgerIndex): Promise<boolean> {
  await feeding?.catch(() => undefined);
  const deadline = monotonicMillis() + FEED_MS;
  feeding ??= index
    .feed(() => monotonicMillis() > deadline)
    .then(({ records, complete }) => {
      fed += records;
      return complete;
    })
    .finally(() => {
      feeding = undefined;
    });
  return feeding;
}

async function watch(): Promise<void> {
  let last = -1;
  do {
    try {
      const index = await ready();
      await feed(index);
      const newest = await index.newestPosition();
      if (newest !== last && last !== -1) tell({ kind: "news" });
      last = newest;
    } catch (error) {
      fault(error);
    }
    await pause(LOOK_MS);
  } while (watching);
}

function fault(error: unknown): void {
  tell({ kind: "fault", cause: String(error) });
}

function tell(message: FromThread): void {
  parentPort?.postMessage(message);
}
