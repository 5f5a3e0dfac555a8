/** What becomes of a task by an answer: of its server, or of its client. */
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { TaskState } from "../../../core/task/task.ts";
import { OWN_SERVER } from "../../../core/own-server.ts";
import { id, type ReviewId, type UpstreamName } from "../../../core/units.ts";
import { randomToken } from "../../../lib/ids.ts";
import { DENIAL_META_KEY } from "../denial.ts";
import { metaOf } from "../transport/message-meta.ts";

const ROUND_BYTES = 6;

type Asking = Extract<TaskState, { kind: "asking" }>;

/** A person may have to be asked once more, because policy has changed; or the client, by the server. */
export function stateAfter(answer: string, upstream: UpstreamName): TaskState {
  const { result }: { result?: unknown } = JSON.parse(answer);
  if (!isJsonObject(result)) return { kind: "done", answer };
  const asked = upstream === OWN_SERVER ? pendingReviewIn(result) : undefined;
  if (asked !== undefined) return { kind: "waiting", review: asked };
  if (result["resultType"] === "input_required") return askingState(result);
  const denial = metaOf(result)?.[DENIAL_META_KEY];
  const { code, review } = isJsonObject(denial) ? denial : NOTHING;
  if (code !== "approval_required" || typeof review !== "string") return { kind: "done", answer };
  return { kind: "waiting", review: id<ReviewId>(review) };
}

/** The review that `request_approval` waits for. */
export function pendingReviewIn({ structuredContent }: JsonObject): ReviewId | undefined {
  const { status, review } = isJsonObject(structuredContent) ? structuredContent : NOTHING;
  return status === "pending" && typeof review === "string" ? id<ReviewId>(review) : undefined;
}

/** Questions nobody put leave nothing to wait for: the call is made again when its client looks. */
function askingState({ inputRequests, requestState }: JsonObject): Asking {
  const questions = isJsonObject(inputRequests) ? inputRequests : {};
  const state = typeof requestState === "string" ? requestState : undefined;
  const round = randomToken(ROUND_BYTES);
  return { kind: "asking", round, questions, answers: {}, state };
}

/** With the answers that fit an open question; the first to a question counts. */
export function withAnswers(asking: Asking, responses: JsonObject): Asking {
  const fitting = Object.entries(responses).filter(([key]) => isOpen(asking, key));
  return { ...asking, answers: { ...asking.answers, ...Object.fromEntries(fitting) } };
}

/** What its client still has to answer. */
export function openQuestions(asking: Asking): JsonObject {
  const open = Object.entries(asking.questions).filter(([key]) => isOpen(asking, key));
  return Object.fromEntries(open);
}

function isOpen({ questions, answers }: Asking, key: string): boolean {
  return Object.hasOwn(questions, key) && !Object.hasOwn(answers, key);
}

const NOTHING: JsonObject = {};
