/** How the gate's tasks stand, on the streams of clients that listen. */
import { Buffer } from "node:buffer";
import type { Dispatcher } from "undici";
import { isJsonArray, isJsonObject, type JsonObject } from "../../../core/json.ts";
import { isOurTask, type Task } from "../../../core/task/task.ts";
import { BetweenEvents, type Voice } from "../news/between-events.ts";
import type { RpcId } from "../rpc-message.ts";
import { AnswerStream } from "../transport/answer-stream.ts";
import { SUBSCRIPTION_KEY } from "../transport/message-meta.ts";
import type { Asker, TaskDesk } from "./task-desk.ts";
import type { TaskListener } from "./task-news.ts";
import { detailedTask, taskShown } from "./task-words.ts";

const IDS_MAX = 256;

/** Those of a filter that are the gate's, and whether it asks for anything else. */
export function taskFilterIn(params: JsonObject | undefined) {
  const filter = params?.["notifications"];
  const { taskIds, ...rest } = isJsonObject(filter) ? filter : {};
  const named = isJsonArray(taskIds) ? taskIds.filter((id) => typeof id === "string") : [];
  const ours = named.filter(isOurTask).slice(0, IDS_MAX);
  return { ours, isAll: ours.length === named.length && Object.keys(rest).length === 0 };
}

/** In the 2025 era: all of the session's, between what the server says. */
export function toldOfAll(
  handler: Dispatcher.DispatchHandler,
  asker: Asker,
  desk: TaskDesk,
): Dispatcher.DispatchHandler {
  const { session } = asker.principal;
  const wants = ({ owner }: Task): boolean => owner.session === session;
  return new BetweenEvents(handler, new TaskVoice(asker, desk, wants, statusText));
}

/** In the 2026 era: those that were named, between what the server says. */
export function toldOfSome(
  handler: Dispatcher.DispatchHandler,
  { asker, desk, id, ours }: SomeTasks,
): Dispatcher.DispatchHandler {
  const wants = (task: Task): boolean => ours.includes(task.id);
  return new BetweenEvents(
    handler,
    new TaskVoice(asker, desk, wants, (task) => newsText(task, id)),
  );
}

export interface SomeTasks {
  readonly asker: Asker;
  readonly desk: TaskDesk;
  /** Of the request that subscribes. */
  readonly id: RpcId;
  readonly ours: readonly string[];
}

/** A subscription to nothing else is not the server's business. */
export async function tellTasks(
  handler: Dispatcher.DispatchHandler,
  { asker, desk, id, ours }: SomeTasks,
): Promise<void> {
  const stream = new AnswerStream(handler);
  const params = { notifications: { taskIds: ours }, _meta: { [SUBSCRIPTION_KEY]: id } };
  const method = "notifications/subscriptions/acknowledged";
  stream.event(JSON.stringify({ jsonrpc: "2.0", method, params }));
  const listener: TaskListener = {
    askerOf: (task) => (task.upstream === asker.upstream.name ? asker : undefined),
    get gone() {
      return stream.over;
    },
    wants: (task) => ours.includes(task.id),
    tell: (task) => stream.event(newsText(task, id)),
  };
  desk.news.listen(listener);
  stream.onGone(() => desk.news.leave(listener));
  for (const name of ours) {
    const task = await desk.shelf.find(asker, name).catch(() => undefined);
    if (task !== undefined) listener.tell(task);
  }
}

class TaskVoice implements Voice, TaskListener {
  readonly wants: (task: Task) => boolean;
  readonly #asker: Asker;
  readonly #desk: TaskDesk;
  readonly #text: (task: Task) => string;
  #stream: BetweenEvents | undefined;

  constructor(
    asker: Asker,
    desk: TaskDesk,
    wants: (task: Task) => boolean,
    text: (task: Task) => string,
  ) {
    this.#asker = asker;
    this.wants = wants;
    this.#desk = desk;
    this.#text = text;
  }

  begin(stream: BetweenEvents): void {
    this.#stream = stream;
    this.#desk.news.listen(this);
  }

  end(): void {
    this.#desk.news.leave(this);
  }

  get gone(): boolean {
    return this.#stream?.gone !== false;
  }

  askerOf({ upstream }: Task): Asker | undefined {
    return upstream === this.#asker.upstream.name ? this.#asker : undefined;
  }

  tell(task: Task): void {
    this.#stream?.say(Buffer.from(`event: message\ndata: ${this.#text(task)}\n\n`));
  }
}

/** News of the 2025 era. */
export function statusText(task: Task): string {
  const params = taskShown(task, "2025");
  return JSON.stringify({ jsonrpc: "2.0", method: "notifications/tasks/status", params });
}

function newsText(task: Task, id: RpcId): string {
  const params = { ...detailedTask(task), _meta: { [SUBSCRIPTION_KEY]: id } };
  return JSON.stringify({ jsonrpc: "2.0", method: "notifications/tasks", params });
}
