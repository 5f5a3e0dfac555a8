/**
 * Tasks as clients of each era hear of them. The 2025 era asks for a result by itself, the 2026 era
 * has it in what `tasks/get` answers.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks
 * @see https://modelcontextprotocol.github.io/ext-tasks/specification/2026-07-28/tasks.html
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import { isAsking, type Task } from "../../../core/task/task.ts";
import { impossible } from "../../../lib/impossible.ts";
import { memberText, omitMembers, setMemberAt, spliceMembers } from "../../set-members.ts";
import type { Era } from "../methods.ts";
import { RPC_INVALID_PARAMS, type RpcId } from "../rpc-message.ts";
import { errorText } from "../transport/answer-stream.ts";
import { openQuestions } from "./state-after.ts";
import { RELATED_TASK_KEY } from "./task-question.ts";

const ASKING = "The server asks for input before it goes on.";
/** How often a client should look. */
const POLL_MS = 2_000;
const WORDS_MAX = 500;

type Status = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** The answer to the call: not its result, but what to ask for it by. */
export function createdText(task: Task, id: RpcId, era: Era): string {
  const shown = taskShown(task, era);
  const result = era === "2025" ? { task: shown } : { resultType: "task", ...shown };
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

/** The answer to `tasks/get`. */
export function standingText(task: Task, id: RpcId, era: Era): string {
  const shown = taskShown(task, era);
  if (era === "2025") return JSON.stringify({ jsonrpc: "2.0", id, result: shown });
  const result = { resultType: "complete", ...shown };
  if (task.state.kind === "asking") {
    const asked = { ...result, inputRequests: openQuestions(task.state) };
    return JSON.stringify({ jsonrpc: "2.0", id, result: asked });
  }
  if (task.state.kind !== "done") return JSON.stringify({ jsonrpc: "2.0", id, result });
  const { answer } = task.state;
  const member = memberText(answer, "result") === undefined ? "error" : "result";
  const whole = spliceMembers(JSON.stringify(result), result, [
    [member, memberText(answer, member) ?? "{}"],
  ]);
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${whole}}`;
}

/** A task as news of the 2026 era tell it: with its result, which has lost no digit that matters. */
export function detailedTask(task: Task): JsonObject {
  const { result } = parsed(standingText(task, 0, "2026"));
  const { resultType: _, ...shown } = isJsonObject(result) ? result : {};
  return shown;
}

/** The answer to `tasks/cancel`. */
export function cancelledText(task: Task, id: RpcId, era: Era): string {
  return era === "2025" ? standingText(task, id, era) : acknowledgedText(id);
}

/** The answer to `tasks/update`, and of the 2026 era's `tasks/cancel`. */
export function acknowledgedText(id: RpcId): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result: { resultType: "complete" } });
}

/** The answer to `tasks/result`, of a task that is over. */
export function resultText({ id: taskId, state }: Task, id: RpcId): string {
  if (state.kind !== "done") {
    return errorText(id, RPC_INVALID_PARAMS, "The task was cancelled: it has no result.");
  }
  const { result, ...rest } = parsed(state.answer);
  const members: [string, string][] = [["id", JSON.stringify(id)]];
  if (!isJsonObject(result)) return spliceMembers(state.answer, rest, members);
  // What only the 2026 era says, in which stored calls are made.
  const text = omitMembers(memberText(state.answer, "result") ?? "{}", result, ["resultType"]);
  const related = JSON.stringify({ taskId });
  const { resultType: _, ...said } = result;
  members.push(["result", setMemberAt(text, said, ["_meta", RELATED_TASK_KEY], related)]);
  return spliceMembers(state.answer, { ...rest, result }, members);
}

/** A task as lists show it too. */
export function taskShown(task: Task, era: Era): JsonObject {
  const { id: taskId, createdAt, updatedAt, expiresAt } = task;
  const ttl = expiresAt - createdAt;
  const words = wordsOf(task);
  return {
    taskId,
    status: statusOf(task, era),
    ...(words !== undefined && { statusMessage: words.slice(0, WORDS_MAX) }),
    createdAt: new Date(createdAt).toISOString(),
    lastUpdatedAt: new Date(updatedAt).toISOString(),
    ...(era === "2025" ? { ttl, pollInterval: POLL_MS } : { ttlMs: ttl, pollIntervalMs: POLL_MS }),
  };
}

/** A tool's own error fails its task in the 2025 era, and is a result like any other in 2026. */
function statusOf(task: Task, era: Era): Status {
  const { state } = task;
  switch (state.kind) {
    case "waiting":
      return "working";
    case "running":
      // What a session's server asks is answered on a stream of the 2025 era only.
      return era === "2025" && isAsking(task) ? "input_required" : "working";
    case "asking":
      return "input_required";
    case "cancelled":
      return "cancelled";
    case "done": {
      const { result } = parsed(state.answer);
      if (!isJsonObject(result)) return "failed";
      return era === "2025" && result["isError"] === true ? "failed" : "completed";
    }
    default:
      return impossible(state);
  }
}

function wordsOf(task: Task): string | undefined {
  const { state } = task;
  switch (state.kind) {
    case "waiting":
      return `Waiting for a person's approval (review ${state.review}).`;
    case "asking":
      return ASKING;
    case "running":
      return isAsking(task) ? ASKING : undefined;
    case "cancelled":
      return undefined;
    case "done": {
      const { result, error } = parsed(state.answer);
      if (isJsonObject(error)) return textOf(error["message"]);
      if (!isJsonObject(result) || result["isError"] !== true) return undefined;
      const { content } = result;
      const [first] = isJsonArray(content) ? content : [];
      return isJsonObject(first) ? textOf(first["text"]) : undefined;
    }
    default:
      return impossible(state);
  }
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Our own text, or what was a message when it was stored. */
function parsed(text: string): JsonObject {
  const json: JsonObject = JSON.parse(text);
  return json;
}
