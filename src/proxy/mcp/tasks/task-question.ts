/**
 * What a server asks in the course of a task, as it travels on the stream of `tasks/result` (2025
 * era). The id of each question names its task, so that the answer finds it in whatever process it
 * comes in.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#input-required-status
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { isOurTask, type Task, type TaskState } from "../../../core/task/task.ts";
import { impossible } from "../../../lib/impossible.ts";
import { inSession } from "../era/session-question.ts";
import { RPC_INTERNAL, type RpcId, type RpcRequest, type RpcResponse } from "../rpc-message.ts";
import { errorText } from "../transport/answer-stream.ts";
import { metaOf } from "../transport/message-meta.ts";
import { openQuestions } from "./state-after.ts";

export const RELATED_TASK_KEY = "io.modelcontextprotocol/related-task";

/** Of one task at a time, and of each in characters: what is asked is stored. */
const QUESTIONS_MAX = 16;
const QUESTION_CHARS_MAX = 262_144;
/** Ends the name of a task in an id; no name of a task has it. */
const MARK = "/";

type Running = Extract<TaskState, { kind: "running" }>;

/** Which question of which task an answer is about. */
export interface TaskQuestion {
  readonly task: string;
  readonly question: string;
}

/** Undefined: it answers something else. */
export function taskQuestionOf(id: RpcId | undefined): TaskQuestion | undefined {
  if (typeof id !== "string" || !isOurTask(id)) return undefined;
  const at = id.indexOf(MARK);
  return at === -1 ? undefined : { task: id.slice(0, at), question: id.slice(at + 1) };
}

/** What its client has to answer now, by the names that ids give the questions. */
export function questionsOf({ state }: Task): ReadonlyMap<string, JsonObject> {
  switch (state.kind) {
    case "asking":
      return named(openQuestions(state), `${state.round ?? ""}.`);
    case "running":
      return named(state.asked ?? {}, "");
    case "waiting":
    case "done":
    case "cancelled":
      return NONE;
    default:
      return impossible(state);
  }
}

const NONE: ReadonlyMap<string, JsonObject> = new Map();

function named(questions: JsonObject, prefix: string): ReadonlyMap<string, JsonObject> {
  const asked = new Map<string, JsonObject>();
  for (const [key, question] of Object.entries(questions)) {
    if (isJsonObject(question)) asked.set(prefix + key, question);
  }
  return asked;
}

/** The request that its client gets. Undefined: it is none. */
export function questionText(
  { id: taskId }: Task,
  name: string,
  { method, params }: JsonObject,
): string | undefined {
  if (typeof method !== "string") return undefined;
  const asked = inSession(method, isJsonObject(params) ? params : {});
  const _meta = { ...metaOf(asked), [RELATED_TASK_KEY]: { taskId } };
  const id = taskId + MARK + name;
  return JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...asked, _meta } });
}

/** With what the server asks while the call runs; the same where it asks too much. */
export function askedMore(state: Running, { id, method, params }: RpcRequest): Running {
  const { asked = {} } = state;
  const question: JsonObject = { id, method, ...(params !== undefined && { params }) };
  if (Object.keys(asked).length >= QUESTIONS_MAX) return state;
  if (JSON.stringify(question).length > QUESTION_CHARS_MAX) return state;
  return { ...state, asked: { ...asked, [`${typeof id}-${id}`]: question } };
}

/** What becomes of a task by its client's answer. */
export type Heard =
  /** The server itself waits for it, under the id of its request. */
  | { readonly kind: "tell"; readonly state: Running; readonly id: RpcId }
  /** The call is made again once all is answered. */
  | { readonly kind: "answer"; readonly responses: JsonObject }
  /** The client cannot, or will not, say what the call needs. */
  | { readonly kind: "end"; readonly state: TaskState };

/** Undefined: nobody asks this, or not any more. */
export function heard(task: Task, name: string, response: RpcResponse): Heard | undefined {
  const question = questionsOf(task).get(name);
  const { state } = task;
  if (question === undefined) return undefined;
  if (state.kind === "running") {
    const { [name]: _, ...asked } = state.asked ?? {};
    const { id } = question;
    if (typeof id !== "string" && typeof id !== "number") return undefined;
    return { kind: "tell", state: { ...state, asked }, id };
  }
  const said = response.result ?? refusedAnswer(question["method"]);
  if (said !== undefined && state.kind === "asking") {
    const key = name.slice(`${state.round ?? ""}.`.length);
    return { kind: "answer", responses: { [key]: said } };
  }
  const answer = errorText(0, RPC_INTERNAL, "The client did not answer the server.");
  return { kind: "end", state: { kind: "done", answer } };
}

/** A person who cannot be asked has not agreed; nothing else can be answered for a client. */
export function refusedAnswer(method: JsonValue | undefined): JsonObject | undefined {
  return method === "elicitation/create" ? { action: "cancel" } : undefined;
}
