/** The process's side of the thread that reads its ledger; begun with the first question. */
import { Worker } from "node:worker_threads";
import {
  IndexUnreachable,
  type ArrivalQuery,
  type Arrivals,
  type IndexedRecord,
  type LedgerIndex,
  type LedgerPage,
  type LedgerQuery,
  type TallyQuery,
  type TallyRow,
} from "../../core/ledger/ledger-index.ts";
import type {
  Consistency,
  ExportedFile,
  ExportSelection,
  LedgerEvidence,
  Proving,
} from "../../core/ledger/ledger-evidence.ts";
import type { SignedHead } from "../../core/ledger/tree-head.ts";
import type { TenantId } from "../../core/units.ts";
import type { Person } from "../ledger-index/forget-person.ts";
import type { SinkState } from "../ledger-sinks/sink-plan.ts";
import { impossible } from "../../lib/impossible.ts";
import type { FromThread, Question, Reply, ThreadData, ToThread } from "./thread-messages.ts";

/** Questions that wait for an answer; more are refused at once. */
const QUESTIONS_MAX = 256;

/** A thread with work of its own that failed is begun anew. */
const RESTART_MS = 5_000;

interface Asker {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: IndexUnreachable) => void;
}

export class LedgerThread implements LedgerIndex, LedgerEvidence, AsyncDisposable {
  readonly #data: ThreadData;
  readonly #onFault: (cause: string) => void;
  readonly #askers = new Map<number, Asker>();
  readonly #watchers = new Set<() => void>();
  #worker: Worker | undefined;
  #sinks: readonly SinkState[] = [];
  #finished: () => void = () => undefined;
  #asked = 0;
  #closed = false;

  constructor(data: ThreadData, onFault: (cause: string) => void) {
    this.#data = data;
    this.#onFault = onFault;
  }

  async page(query: LedgerQuery): Promise<LedgerPage> {
    const reply = await this.#ask({ kind: "page", query });
    return reply.kind === "page" ? reply.value : mistaken(reply);
  }

  async find(tenant: TenantId, name: string): Promise<readonly IndexedRecord[]> {
    const reply = await this.#ask({ kind: "find", tenant, name });
    return reply.kind === "find" ? reply.value : mistaken(reply);
  }

  async tally(query: TallyQuery): Promise<readonly TallyRow[]> {
    const reply = await this.#ask({ kind: "tally", query });
    return reply.kind === "tally" ? reply.value : mistaken(reply);
  }

  async arrivals(query: ArrivalQuery): Promise<Arrivals> {
    const reply = await this.#ask({ kind: "arrivals", query });
    return reply.kind === "arrivals" ? reply.value : mistaken(reply);
  }

  async prove(writer: string, seq: number): Promise<Proving> {
    const reply = await this.#ask({ kind: "prove", writer, seq });
    return reply.kind === "prove" ? reply.value : mistaken(reply);
  }

  async proveConsistency(from: SignedHead): Promise<Consistency> {
    const reply = await this.#ask({ kind: "consistency", from });
    return reply.kind === "consistency" ? reply.value : mistaken(reply);
  }

  async heads(): Promise<readonly SignedHead[]> {
    const reply = await this.#ask({ kind: "heads" });
    return reply.kind === "heads" ? reply.value : mistaken(reply);
  }

  /** Takes a chain's records out of the index, up to and with `seq`. */
  async drop(writer: string, seq: number): Promise<void> {
    await this.#ask({ kind: "drop", writer, seq });
  }

  /** The index shows the person's token from now on. */
  async forgetPerson(person: Person): Promise<void> {
    await this.#ask({ kind: "forget_person", person });
  }

  async exportTo(path: string, selection: ExportSelection): Promise<ExportedFile> {
    const reply = await this.#ask({ kind: "export", path, selection });
    return reply.kind === "export" ? reply.value : mistaken(reply);
  }

  /** `told` is called after something arrived, until the answer is called. */
  watch(told: () => void): () => void {
    this.#watchers.add(told);
    if (this.#watchers.size === 1) this.#tell({ kind: "watch", on: true });
    return () => {
      this.#watchers.delete(told);
      if (this.#watchers.size === 0 && this.#worker !== undefined) {
        this.#tell({ kind: "watch", on: false });
      }
    };
  }

  /** Begins where there is work that nobody asks for: sinks, or an index that others read, too. */
  start(): void {
    const { sinks, index } = this.#data;
    if (sinks.length > 0 || index.url !== undefined) this.#worker ??= this.#start();
  }

  /** As they were told a second ago at most. */
  get sinks(): readonly SinkState[] {
    return this.#sinks;
  }

  /** Sinks get what is written by now, as far as they take it within a few seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    if (worker !== undefined && !this.#closed) {
      const ended = new Promise<void>((resolve) => {
        this.#finished = resolve;
        worker.once("exit", () => resolve());
      });
      this.#tell({ kind: "finish" });
      await ended;
    }
    this.#closed = true;
    this.#lose();
    await worker?.terminate();
  }

  #ask(question: Question): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#closed || this.#askers.size >= QUESTIONS_MAX) {
        reject(new IndexUnreachable("Too many look at the record now; try again in a moment."));
        return;
      }
      this.#asked += 1;
      this.#askers.set(this.#asked, { resolve, reject });
      this.#tell({ kind: "ask", id: this.#asked, question });
    });
  }

  #tell(message: ToThread): void {
    if (this.#closed) return;
    this.#worker ??= this.#start();
    this.#worker.postMessage(message);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./ledger-worker.ts", import.meta.url), {
      workerData: this.#data,
    });
    worker.unref();
    worker.on("message", (message: FromThread) => this.#hear(message));
    worker.on("error", (error) => {
      this.#onFault(String(error));
      this.#lose();
      setTimeout(() => this.#closed || this.start(), RESTART_MS).unref();
    });
    if (this.#watchers.size > 0) worker.postMessage({ kind: "watch", on: true } satisfies ToThread);
    return worker;
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case "reply":
        return this.#take(message.id)?.resolve(message.reply);
      case "refusal":
        return this.#take(message.id)?.reject(new IndexUnreachable(message.why));
      case "news":
        for (const told of this.#watchers) told();
        return undefined;
      case "sinks":
        this.#sinks = message.states;
        return undefined;
      case "finished":
        return this.#finished();
      case "fault":
        return this.#onFault(message.cause);
      default:
        return impossible(message);
    }
  }

  #take(id: number): Asker | undefined {
    const asker = this.#askers.get(id);
    this.#askers.delete(id);
    return asker;
  }

  /** The next question begins a new one. */
  #lose(): void {
    this.#worker = undefined;
    const lost = new IndexUnreachable("The ledger's index cannot be read now.");
    for (const { reject } of this.#askers.values()) reject(lost);
    this.#askers.clear();
  }
}

/** The thread answers what it was asked. */
function mistaken(reply: Reply): never {
  throw new TypeError(`the ledger's thread answered with ${reply.kind}`);
}
