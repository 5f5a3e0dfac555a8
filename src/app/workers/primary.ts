/** `workers: n`: starts the processes that share the listeners, speaks for them, ends with them. */
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { OpenLedger } from "../../stores/ledger/open-ledger.ts";
import type { Config } from "../config/config.ts";
import { withDemoUpstreams, type DemoUrls } from "../demo/demo-upstreams.ts";
import { createEvents } from "../observe/events.ts";
import { mergeReports, type GatewayReport } from "../observe/gateway-report.ts";
import type { Log } from "../observe/logger.ts";
import { openLedgerChain } from "../ports/open-ledger-chain.ts";
import type { GatewayOptions } from "../gateway.ts";
import { startOperatorSide } from "../operator-side.ts";
import { createTally } from "../observe/tally.ts";
import { tryPort } from "../doctor/try-port.ts";
import type { FromWorker, ToWorker, WorkerAnswer } from "./worker-messages.ts";
import { WorkerFault } from "./worker-fault.ts";

export interface Primary {
  readonly url: string;
  readonly manageUrl: string;
  readonly config: Config;
  reload(): void;
  /** Resolves when every worker has drained and sealed. */
  stop(): Promise<void>;
}

const ANSWER_WAIT_MS = 1000;
/** A worker that dies is replaced, but not in a tight loop. */
const REPLACE_AFTER_MS = 500;
const STARTS_FAILED_MAX = 3;

/** Rejects when a worker cannot start; its own words are on stderr. */
export async function startPrimary({
  config,
  environment,
  log,
}: Pick<GatewayOptions, "config" | "environment" | "log">): Promise<Primary> {
  await using started = new AsyncDisposableStack();
  let demo: DemoUrls | undefined;
  if (config.demo)
    demo = started.use(await (await import("../demo/start-demo.ts")).startDemo()).urls;
  cluster.setupPrimary({ serialization: "advanced" });
  const directory = mkdtempSync(join(tmpdir(), "sallyport-"));
  started.defer(() => rmSync(directory, { recursive: true, force: true }));
  // Workers share their port with whoever asks: another program must be found out before.
  await tryPort(config.listen);
  const crew = started.use(new Crew({ demo, directory, config }, log));
  const url = await crew.start();
  const effective = demo === undefined ? config : withDemoUpstreams(config, demo);
  let ledger: Promise<OpenLedger> | undefined;
  started.defer(async () => (await ledger)?.seal());
  const management = await startOperatorSide({
    config: effective,
    dataUrl: url,
    read: () => crew.report(),
    ledger: () => (ledger ??= openOwnLedger(effective, log)),
    heard: () => crew.follow(),
    environment,
    log,
  });
  const owned = started.move();
  return {
    url,
    manageUrl: management.url,
    config: effective,
    reload() {
      management.reload();
      crew.signal("SIGHUP");
    },
    async stop() {
      await owned.disposeAsync();
      await management.close();
    },
  };
}

/** The primary serves no agent, but what operators change through it is on a chain of its own. */
function openOwnLedger(config: Config, log: Log): Promise<OpenLedger> {
  return openLedgerChain(config, createEvents(log, createTally(), []));
}

interface CrewParts {
  readonly demo: DemoUrls | undefined;
  /** Where their sockets are; only this user may enter it. */
  readonly directory: string;
  readonly config: Config;
}

/** Owns the worker processes. */
class Crew implements AsyncDisposable {
  readonly #parts: CrewParts;
  readonly #log: Log;
  readonly #waiting = new Map<string, (answer: WorkerAnswer) => void>();
  #stopping = false;
  #request = 0;
  #failed = 0;
  #port: number;

  constructor(parts: CrewParts, log: Log) {
    this.#parts = parts;
    this.#log = log;
    this.#port = parts.config.listen.port;
  }

  /** Resolves with the shared address once all serve. */
  async start(): Promise<string> {
    const first = this.#add(0);
    if (this.#port === 0) this.#port = Number(new URL(await first).port);
    const others = Array.from({ length: this.#count - 1 }, (_, n) => this.#add(n + 1));
    const [url] = await Promise.all([first, ...others]);
    return url;
  }

  get #count(): number {
    return this.#parts.config.workers;
  }

  /** Resolves with the shared address once the worker serves. */
  async #add(slot: number): Promise<string> {
    const worker = cluster.fork();
    const { demo, directory } = this.#parts;
    const crew = { directory, slot, count: this.#count, port: this.#port };
    worker.send({ kind: "begin", demo, crew } satisfies ToWorker);
    const serving = new Promise<string>((resolve) => {
      worker.on("message", (message: FromWorker) => {
        if (message.kind === "serving") resolve(message.url);
        else this.#waiting.get(`${worker.id} ${message.request}`)?.(message);
      });
    });
    const ended = once(worker, "exit").then(([code]) => faultOf(code));
    const url = await Promise.race([serving, ended]);
    if (url instanceof WorkerFault) throw url;
    this.#failed = 0;
    void ended.then(() => this.#replace(worker, slot));
    return url;
  }

  async report(): Promise<GatewayReport | undefined> {
    const answers = await this.#askAll("report");
    return mergeReports(answers.flatMap((one) => (one.kind === "report" ? one.report : [])));
  }

  /** See `IdentityPorts.heard`: for all of them. */
  async follow(): Promise<void> {
    await this.#askAll("follow");
  }

  signal(signal: NodeJS.Signals): void {
    for (const worker of alive()) worker.process.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    const ended = alive().map((worker) => once(worker, "exit"));
    this.signal("SIGTERM");
    await Promise.all(ended);
  }

  async #askAll(kind: Question["kind"]): Promise<readonly WorkerAnswer[]> {
    this.#request += 1;
    const question: Question = { kind, request: this.#request };
    const answers = await Promise.all(alive().map((worker) => this.#ask(worker, question)));
    return answers.filter((answer) => answer !== undefined);
  }

  async #ask(worker: Worker, question: Question): Promise<WorkerAnswer | undefined> {
    const key = `${worker.id} ${question.request}`;
    const answered = new Promise<WorkerAnswer | undefined>((resolve) => {
      this.#waiting.set(key, resolve);
      // Who has just died cannot be asked; without a callback that would be thrown at everybody.
      worker.send(question, (error) => error === null || resolve(undefined));
    });
    const late = pause(ANSWER_WAIT_MS, undefined, { ref: false });
    const answer = await Promise.race([answered, late]);
    this.#waiting.delete(key);
    return answer;
  }

  async #replace(worker: Worker, slot: number): Promise<void> {
    await pause(REPLACE_AFTER_MS, undefined, { ref: false });
    // Asked after the pause: who begins once the others were told to stop would never hear of it.
    if (this.#stopping || this.#failed >= STARTS_FAILED_MAX) return;
    this.#log.error({ worker: worker.process.pid }, "a worker died and is replaced");
    try {
      await this.#add(slot);
    } catch {
      this.#failed += 1;
      await this.#replace(worker, slot);
    }
  }
}

type Question = Exclude<ToWorker, { kind: "begin" }>;

function faultOf(exitCode: unknown): WorkerFault {
  return new WorkerFault(typeof exitCode === "number" ? exitCode : undefined);
}

function alive(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}
