/**
 * One call that is made while nobody waits for it. What it came to is stored, whoever asks then, and
 * so is what its server asks of the client meanwhile.
 */
import type { TaskStore } from "../../../core/task/task-store.ts";
import { isOver, nextTask, type Task, type TaskState } from "../../../core/task/task.ts";
import { instant, type Instant } from "../../../core/units.ts";
import type { AnswerListener, Asking } from "../era/answer-reader.ts";
import { RPC_INTERNAL, type RpcMessage } from "../rpc-message.ts";
import { ASKED_OF_CLIENTS } from "../server-methods.ts";
import { errorText } from "../transport/answer-stream.ts";
import { askedMore } from "./task-question.ts";

/** How long others believe that it goes on without hearing of it, and how often they do. */
export const LEASE_MS = 15_000;
const RENEW_MS = 5_000;

/** Of a result that is kept: the call was made all the same. */
const ANSWER_CHARS_MAX = 1_048_576;

/** A full disk or a restart of Redis passes. */
const TRIES_MAX = 20;
const RETRY_MS = 500;
/** How often a client may answer while one change is stored. */
const ANSWERS_MAX = 8;

type Running = Extract<TaskState, { kind: "running" }>;

export interface RunPorts {
  readonly store: TaskStore;
  readonly now: () => Instant;
}

export class TaskRun implements AnswerListener {
  /** Resolves once it is stored, or somebody else has ended the task. */
  readonly over: Promise<void>;
  readonly #ports: RunPorts;
  readonly #after: ((answer: string) => TaskState) | undefined;
  readonly #renewal: NodeJS.Timeout;
  #task: Task;
  #answer: string | undefined;
  #asking: Asking | undefined;
  #changes: Promise<void> = Promise.resolve();
  #resolve: () => void = () => {};

  /** `after`: what an answer makes of the task, where it may be more than done. */
  constructor(task: Task, ports: RunPorts, after?: (answer: string) => TaskState) {
    this.#task = task;
    this.#ports = ports;
    this.#after = after;
    this.over = new Promise((resolve) => (this.#resolve = resolve));
    this.#renewal = setInterval(() => this.#renew(), RENEW_MS).unref();
  }

  /** What is asked by it: ended with the task. */
  set asking(asking: Asking) {
    this.#asking = asking;
  }

  message(message: RpcMessage, text: string): void {
    if (message.kind === "response") this.#answer ??= text;
    if (message.kind !== "request" || !ASKED_OF_CLIENTS.has(message.method)) return;
    void this.#queue(() => this.#store((state) => askedMore(state, message))).catch(
      () => undefined,
    );
  }

  ended(error: Error | undefined): void {
    clearInterval(this.#renewal);
    const words = `The call was made, and no answer came (${error?.message ?? "it ended early"}).`;
    const answer = this.#answer ?? errorText(0, RPC_INTERNAL, words);
    const kept =
      answer.length <= ANSWER_CHARS_MAX
        ? answer
        : errorText(0, RPC_INTERNAL, "The call was made; its answer is too large to be kept.");
    const state = this.#after?.(kept) ?? { kind: "done", answer: kept };
    const stored = this.#queue(() => this.#store(() => state)).catch(() => undefined);
    void stored.then(() => this.#resolve());
  }

  /** Somebody has ended the task: nobody wants the answer any more. */
  abandon(): void {
    clearInterval(this.#renewal);
    this.#asking?.abort();
    this.#resolve();
  }

  #renew(): void {
    const until = instant(this.#ports.now() + LEASE_MS);
    void this.#queue(() => this.#change((state) => ({ ...state, until }))).catch(() => undefined);
  }

  async #store(next: (state: Running) => TaskState): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#change(next);
      } catch (error) {
        // Others will find that nothing was heard of it, and say so.
        if (tries === TRIES_MAX) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  /** Once more where a client has answered its server in between, in whatever process. */
  async #change(next: (state: Running) => TaskState): Promise<void> {
    const { store, now } = this.#ports;
    for (let tries = 0; tries < ANSWERS_MAX; tries += 1) {
      const { state } = this.#task;
      if (state.kind !== "running") return;
      const after = nextTask(this.#task, next(state), now());
      if (after === undefined) return;
      if (await store.change(after)) {
        this.#task = after;
        return;
      }
      const stands = await store.find(after.owner.tenant, after.id);
      if (stands === undefined || isOver(stands)) return this.abandon();
      // Who took it over counts from another lease.
      if (stands.state.kind !== "running" || stands.state.until !== state.until) return;
      this.#task = stands;
    }
  }

  /** One after the other: each change counts from the one before. */
  #queue(change: () => Promise<void>): Promise<void> {
    const queued = this.#changes.then(change);
    this.#changes = queued.catch(() => undefined);
    return queued;
  }
}
