/** Refusals in the words of MCP, in the only shapes that clients hand to their model as text. */
import type { JsonObject } from "../../core/json.ts";
import { REFUSALS, type Refusal } from "../../core/refusal.ts";
import type { ExchangeId } from "../../core/units.ts";
import { impossible } from "../../lib/impossible.ts";
import { refusalStatus } from "../refusals/refusal-status.ts";
import { renderRefusal } from "../refusals/render-refusal.ts";
import type { WireReply } from "../wire.ts";
import { denialAnswer, denialData, errorAnswer } from "./denial.ts";
import type { Fault, Question } from "./question.ts";
import { RPC_INVALID_REQUEST, type RpcId } from "./rpc-message.ts";

export function renderMcpRefusal(
  refusal: Refusal,
  question: Question,
  fault: Fault | undefined,
  exchange: ExchangeId,
): WireReply {
  if (fault !== undefined) return faultReply(refusal, question, fault, exchange);
  switch (question.kind) {
    case "request":
      return reply(200, denialAnswer(question, refusal, exchange), refusal, exchange);
    case "notification":
      return notificationReply(refusal, exchange);
    case "stream":
    case "end": {
      // "Not offered here" is what clients of the 2025 era expect to hear, and live with.
      const status = isDenial(refusal) ? 405 : refusalStatus("http", refusal);
      const declined = reply(status, unaddressed(refusal, exchange), refusal, exchange);
      return status === 405 ? allowing("POST", declined) : declined;
    }
    case "response": {
      const status = isDenial(refusal) ? 400 : refusalStatus("http", refusal);
      return reply(status, unaddressed(refusal, exchange), refusal, exchange);
    }
    case "unread":
      return reply(
        refusalStatus("http", refusal),
        unaddressed(refusal, exchange),
        refusal,
        exchange,
      );
    default:
      return impossible(question);
  }
}

/**
 * Nobody waits for the answer to a notification. One that is denied is taken and dropped, because
 * an error status makes SDK clients throw where they would have survived not being heard; one that
 * could not be judged or delivered is answered as that, because `initialized` may be sent again.
 */
function notificationReply(refusal: Refusal, exchange: ExchangeId): WireReply {
  if (!isDenial(refusal)) {
    const status = refusalStatus("http", refusal);
    return reply(status, unaddressed(refusal, exchange), refusal, exchange);
  }
  const { headers } = renderRefusal("http", refusal, { exchange });
  const { "content-type": _, ...rest } = headers;
  return { status: 202, headers: rest, body: "" };
}

function faultReply(
  refusal: Refusal,
  question: Question,
  { status, rpcCode, data }: Fault,
  exchange: ExchangeId,
): WireReply {
  const details = { ...denialData(refusal, exchange), ...data };
  const body = errorAnswer(idOf(question), rpcCode, refusal, details);
  const faulty = reply(status, body, refusal, exchange);
  return status === 405 ? allowing("POST, GET, DELETE", faulty) : faulty;
}

function allowing(methods: string, declined: WireReply): WireReply {
  return { ...declined, headers: { ...declined.headers, allow: methods } };
}

function idOf(question: Question): RpcId | undefined {
  return question.kind === "request" || question.kind === "unread" ? question.id : undefined;
}

/** An error that answers no request in particular. */
function unaddressed(refusal: Refusal, exchange: ExchangeId): JsonObject {
  const { jsonRpc, class: kind } = REFUSALS[refusal.code];
  const code = kind === "malformed" ? RPC_INVALID_REQUEST : jsonRpc;
  return errorAnswer(undefined, code, refusal, denialData(refusal, exchange));
}

/** Decided, so that repeating it cannot help; as opposed to broken or not decidable now. */
function isDenial(refusal: Refusal): boolean {
  const kind = REFUSALS[refusal.code].class;
  return kind === "policy" || kind === "budget";
}

function reply(
  status: number,
  body: JsonObject,
  refusal: Refusal,
  exchange: ExchangeId,
): WireReply {
  const { headers } = renderRefusal("http", refusal, { exchange });
  const own: Record<string, string> = { ...headers, "content-type": "application/json" };
  return { status, headers: own, body: JSON.stringify(body) };
}
