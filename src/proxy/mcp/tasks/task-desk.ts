/**
 * Calls that their clients do not wait for, as MCP Tasks. A call that a person must approve is
 * stored with its review; once that is answered, whoever owns the task and asks for it makes the
 * call go the ordinary way: judged again, the approval used up, recorded, inspected.
 */
import { setTimeout } from "node:timers/promises";
import type { JsonObject } from "../../../core/json.ts";
import type { Principal } from "../../../core/principal.ts";
import type { Review } from "../../../core/review/review.ts";
import type { ReviewAwaiting } from "../../../core/review/awaiting.ts";
import { TASKS_MAX, type TaskStore } from "../../../core/task/task-store.ts";
import {
  isLost,
  isOver,
  isOwner,
  nextTask,
  openTask,
  TASK_PREFIX,
  taskId,
  type Task,
  type TaskCall,
  type TaskOwner,
  type TaskState,
} from "../../../core/task/task.ts";
import {
  instant,
  millis,
  type ExchangeId,
  type ReviewId,
  type UpstreamName,
} from "../../../core/units.ts";
import type { Upstream } from "../../../core/upstream.ts";
import { impossible } from "../../../lib/impossible.ts";
import { newId } from "../../../lib/ids.ts";
import type { ReviewPorts } from "../../../operations/reviews/change-reviews.ts";
import { withdrawReview } from "../../../operations/reviews/withdraw-review.ts";
import { grantGone } from "../../../pipeline/review.ts";
import { denialAnswer } from "../denial.ts";
import { askMessages } from "../era/answer-reader.ts";
import { RPC_INTERNAL } from "../rpc-message.ts";
import { errorText } from "../transport/answer-stream.ts";
import type { McpServerSide } from "../transport/mcp-request.ts";
import { openQuestions, stateAfter, withAnswers } from "./state-after.ts";
import { madeCall, STORED, type Round } from "./stored-call.ts";
import { TaskNews } from "./task-news.ts";
import { LEASE_MS, TaskRun } from "./task-run.ts";

/** How long an answer is kept for who asked, beyond the time for approval and call. */
const KEPT_MS = 3_600_000;
/** Hand-overs of a review that one look follows. */
const SUCCESSORS_MAX = 16;
/** How often is looked at a call that another process makes. */
const LOOK_MS = 250;
/** Of one answer, where several come at once. */
const TRIES_MAX = 8;

export interface TaskDeskPorts extends ReviewPorts {
  readonly store: TaskStore;
  readonly awaiting: ReviewAwaiting;
}

/** A call, and who makes it. */
export interface TaskAsking {
  readonly principal: Principal;
  readonly upstream: UpstreamName;
  readonly call: TaskCall;
}

export interface BegunTask {
  readonly task: Task;
  readonly run: TaskRun;
}

/** Who asks for a task, and of which server. */
export interface Asker {
  readonly exchange: ExchangeId;
  readonly principal: Principal;
  readonly upstream: Upstream;
}

type Waiting = Extract<TaskState, { kind: "waiting" }>;

/** How a request to a server becomes an exchange of its own. */
export type SideOf = (upstream: Upstream) => McpServerSide;

export class TaskDesk {
  readonly #ports: TaskDeskPorts;
  /** Calls that this process makes, by task. */
  readonly #runs = new Map<string, TaskRun>();
  readonly news: TaskNews;
  #sideOf: SideOf | undefined;

  constructor(ports: TaskDeskPorts) {
    this.#ports = ports;
    const look = async (asker: Asker, task: Task): Promise<Task> => {
      const standing = (await this.find(asker, task.id)) ?? task;
      return this.look(asker, standing, 0);
    };
    this.news = new TaskNews({ now: ports.now, look });
  }

  /** The data plane is there: calls can be made. */
  connect(sideOf: SideOf): void {
    this.#sideOf = sideOf;
  }

  /** A call that waits for a person. Undefined: it cannot be kept now. */
  keep(asking: TaskAsking, review: Review): Promise<Task | undefined> {
    const kept = review.expiresAt - this.#ports.now() + review.approval.expires + KEPT_MS;
    return this.#open(asking, { kind: "waiting", review: review.id }, kept);
  }

  /** A call that is being made. Undefined: it cannot be kept now. */
  async begin(asking: TaskAsking): Promise<BegunTask | undefined> {
    const until = instant(this.#ports.now() + LEASE_MS);
    const state = { kind: "running", review: undefined, until } as const;
    const task = await this.#open(asking, state, KEPT_MS);
    return task && { task, run: this.#enlist(task) };
  }

  /** A call that is made by itself, at once. Undefined: it cannot be kept now. */
  async start(asker: Asker, call: TaskCall): Promise<Task | undefined> {
    const { principal, upstream } = asker;
    const begun = await this.begin({ principal, upstream: upstream.name, call });
    if (begun !== undefined) this.#send(asker, begun, undefined);
    return begun?.task;
  }

  async find(asker: Omit<Asker, "exchange">, name: string): Promise<Task | undefined> {
    const { principal, upstream } = asker;
    const task = await this.#ports.store.find(principal.tenant, name);
    if (task?.upstream !== upstream.name || !isOwner(task, principal)) return undefined;
    this.news.note(task);
    return task;
  }

  /** Whether it is a task of this gate, whoever owns it: another gate may stand behind this one. */
  async holds({ principal }: Asker, name: string): Promise<boolean> {
    return (await this.#ports.store.find(principal.tenant, name)) !== undefined;
  }

  list(owner: TaskOwner, upstream: UpstreamName): Promise<readonly Task[]> {
    return this.#ports.store.list({ owner, upstream, after: undefined, limit: TASKS_MAX });
  }

  /** As it stands now. A call that may be made is made: `brief` is how long its answer is awaited. */
  async look(asker: Asker, task: Task, brief: number): Promise<Task> {
    const moved = await this.#advance(asker, task);
    const run = this.#runs.get(moved.id);
    if (run === undefined) return moved;
    await Promise.race([run.over, setTimeout(brief, undefined, { ref: false })]);
    return (await this.find(asker, moved.id)) ?? moved;
  }

  /** Once it is over; as it stands then where `max` ms are over or `gone` is aborted first. */
  async settled(asker: Asker, task: Task, max: number, gone: AbortSignal): Promise<Task> {
    const { now, reviews, awaiting } = this.#ports;
    const end = now() + max;
    let standing = task;
    for (;;) {
      const left = end - now();
      standing = await this.look(asker, standing, Math.max(left, 0));
      if (isOver(standing) || left <= 0 || gone.aborted) return standing;
      const { state } = standing;
      const review =
        state.kind === "waiting" && (await reviews.find(standing.owner.tenant, state.review));
      if (review) await awaiting.settled(review, millis(left), gone);
      else await setTimeout(LOOK_MS);
    }
  }

  /** What its client says to the server's questions; the call goes on once all are answered. */
  async answer(asker: Asker, task: Task, responses: JsonObject): Promise<void> {
    let standing: Task | undefined = task;
    for (let tries = 0; tries < TRIES_MAX && standing?.state.kind === "asking"; tries += 1) {
      const said = withAnswers(standing.state, responses);
      const isWhole = Object.keys(openQuestions(said)).length === 0;
      const next = isWhole ? this.#make(asker, standing, said) : this.#change(standing, said);
      if ((await next) !== undefined) return;
      standing = await this.find(asker, standing.id);
    }
  }

  /** Undefined: it was over before. */
  async cancel(task: Task): Promise<Task | undefined> {
    const cancelled = await this.#change(task, { kind: "cancelled" });
    if (cancelled === undefined) return undefined;
    this.#runs.get(task.id)?.abandon();
    const { state, owner } = task;
    if (state.kind === "waiting") await withdrawReview(owner.tenant, state.review, this.#ports);
    return cancelled;
  }

  async #open(
    { principal, upstream, call }: TaskAsking,
    state: TaskState,
    kept: number,
  ): Promise<Task | undefined> {
    const { now: clock, store } = this.#ports;
    const now = clock();
    const name = taskId(newId(TASK_PREFIX, now));
    const parts = { id: name, owner: principal, upstream, call, now, kept: millis(kept), state };
    const task = openTask(parts);
    const isOpen = await store.open(task).catch(() => false);
    if (!isOpen) return undefined;
    this.news.note(task);
    return task;
  }

  async #advance(asker: Asker, task: Task, handed = 0): Promise<Task> {
    const { state } = task;
    if (state.kind === "running" && isLost(task, this.#ports.now())) {
      return this.#recover(asker, task, state.review);
    }
    if (state.kind === "asking" && Object.keys(openQuestions(state)).length === 0) {
      // The server only wants to be asked later.
      return (await this.#make(asker, task, state)) ?? task;
    }
    if (state.kind !== "waiting") return task;
    const review = await this.#ports.reviews.find(task.owner.tenant, state.review);
    if (review === undefined) return this.#giveUp(asker, task, state.review);
    switch (review.status) {
      case "pending":
      case "acknowledged":
      case "deferred":
        return task;
      case "approved":
      case "denied":
        return (await this.#make(asker, task, state)) ?? task;
      case "escalated": {
        if (review.successor === undefined || handed === SUCCESSORS_MAX) return task;
        const next = await this.#change(task, { kind: "waiting", review: review.successor });
        return next === undefined ? task : this.#advance(asker, next, handed + 1);
      }
      case "used":
      case "expired":
        return this.#giveUp(asker, task, state.review);
      default:
        return impossible(review.status);
    }
  }

  /** Another call has used the approval, or nobody answered in time. */
  async #giveUp({ exchange }: Asker, task: Task, review: ReviewId): Promise<Task> {
    const answer = JSON.stringify(denialAnswer(STORED, grantGone(review), exchange));
    return (await this.#change(task, { kind: "done", answer })) ?? task;
  }

  /** An approval that is still there was not used, so that nothing was sent. */
  async #recover(asker: Asker, task: Task, review: ReviewId | undefined): Promise<Task> {
    const { reviews } = this.#ports;
    const found = review && (await reviews.find(task.owner.tenant, review));
    if (review !== undefined && found?.status === "approved") {
      return (await this.#make(asker, task, { kind: "waiting", review })) ?? task;
    }
    const answer = errorText(0, RPC_INTERNAL, UNKNOWN_OUTCOME);
    return (await this.#change(task, { kind: "done", answer })) ?? task;
  }

  /** Takes the task, once among all processes, and makes its call. Undefined: another one did. */
  async #make(asker: Asker, task: Task, from: Waiting | Round): Promise<Task | undefined> {
    const [review, round] = from.kind === "waiting" ? [from.review] : [undefined, from];
    const until = instant(this.#ports.now() + LEASE_MS);
    const taken = await this.#change(task, { kind: "running", review, until });
    if (taken === undefined) return undefined;
    this.#send(asker, { task: taken, run: this.#enlist(taken) }, round);
    return taken;
  }

  #send(asker: Asker, { task, run }: BegunTask, round: Round | undefined): void {
    const sideOf = this.#sideOf;
    if (sideOf === undefined) throw new TypeError("asked before there was a data plane");
    const { session } = task.owner;
    const request = madeCall(task.call, { ...asker.principal, session }, round);
    run.asking = askMessages(sideOf(asker.upstream), request, run);
  }

  #enlist(task: Task): TaskRun {
    const after = (answer: string): TaskState => stateAfter(answer, task.upstream);
    const run = new TaskRun(task, this.#ports, after);
    this.#runs.set(task.id, run);
    void run.over.then(() => this.#runs.delete(task.id));
    return run;
  }

  async #change(task: Task, state: TaskState): Promise<Task | undefined> {
    const { store, now } = this.#ports;
    const after = nextTask(task, state, now());
    return after !== undefined && (await store.change(after)) ? after : undefined;
  }
}

const UNKNOWN_OUTCOME =
  "The gateway ended while the call was being made: whether it was carried out is not known. " +
  "Look before you make it again.";
