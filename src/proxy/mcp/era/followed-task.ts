/**
 * A task of a stateless server, followed to its end for a client with a session: it waits for one
 * answer, and is asked in its own way what the server wants to know.
 */
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { McpMethod } from "../../../core/action-classes.ts";
import { memberText } from "../../set-members.ts";
import type { RpcId, RpcResponse } from "../rpc-message.ts";
import { RPC_MISSING_CAPABILITY, TASKS_EXTENSION } from "../tasks/task-wish.ts";

/** A server says how often it wants to be asked, within these. */
const POLL_MIN_MS = 200;
const POLL_MAX_MS = 5_000;

export interface TaskFollower {
  readonly id: RpcId;
  /** Undefined: the server did not answer. */
  request(method: McpMethod, params: JsonObject): Promise<Answer | undefined>;
  /** `later`: there was nothing to ask. Undefined: the client did not answer. */
  answerFor(asked: JsonObject): Promise<JsonObject | "later" | undefined>;
  /** The answer to the call, as text. */
  conclude(json: string): void;
  problem(why: string): void;
}

export interface Answer {
  readonly message: RpcResponse;
  readonly text: string;
}

/** Whether a server makes the call as a task only. */
export function wantsTask({ error }: RpcResponse): boolean {
  const data = error?.["data"];
  const required = isJsonObject(data) ? data["requiredCapabilities"] : undefined;
  const extensions = isJsonObject(required) ? required["extensions"] : undefined;
  const names = isJsonObject(extensions) && extensions[TASKS_EXTENSION] !== undefined;
  return error?.["code"] === RPC_MISSING_CAPABILITY && names;
}

export class FollowedTask {
  readonly #task: string;
  readonly #follower: TaskFollower;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(task: string, follower: TaskFollower) {
    this.#task = task;
    this.#follower = follower;
  }

  /** `standing`: what the server last said of it. */
  follow(standing: JsonObject): void {
    if (this.#over) return;
    const said = standing["pollIntervalMs"];
    const wished = typeof said === "number" ? said : POLL_MIN_MS;
    const pause = Math.min(Math.max(wished, POLL_MIN_MS), POLL_MAX_MS);
    this.#timer = setTimeout(() => {
      this.#look().catch((error: unknown) => this.#fail(String(error)));
    }, pause).unref();
  }

  /** Nobody waits any more: the server is told. */
  abandon(): void {
    if (this.#over) return;
    this.#end();
    void this.#follower.request("tasks/cancel", { taskId: this.#task });
  }

  async #look(): Promise<void> {
    const answer = await this.#follower.request("tasks/get", { taskId: this.#task });
    if (this.#over) return;
    const standing = answer?.message.result;
    if (answer === undefined || standing === undefined) {
      return this.#fail("The server does not say how its task stands.");
    }
    const { status } = standing;
    if (status === "completed") return this.#conclude("result", answer.text);
    if (status === "failed") return this.#conclude("error", answer.text);
    if (status === "cancelled") return this.#fail("The server has cancelled its task.");
    if (status === "input_required") return this.#ask(standing);
    this.follow(standing);
  }

  async #ask(standing: JsonObject): Promise<void> {
    const answers = await this.#follower.answerFor(standing);
    if (this.#over) return;
    if (answers === undefined) {
      this.abandon();
      return this.#follower.problem("The client did not answer the server.");
    }
    if (answers !== "later") {
      const params = { taskId: this.#task, inputResponses: answers };
      await this.#follower.request("tasks/update", params);
    }
    this.follow(standing);
  }

  #conclude(member: "result" | "error", text: string): void {
    this.#end();
    const inner = memberText(memberText(text, "result") ?? "{}", member) ?? "{}";
    const id = JSON.stringify(this.#follower.id);
    this.#follower.conclude(`{"jsonrpc":"2.0","id":${id},"${member}":${inner}}`);
  }

  #fail(why: string): void {
    this.#end();
    this.#follower.problem(why);
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }
}
