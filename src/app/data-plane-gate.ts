/** The data plane as an agent reaches it, for those doors that call tools on somebody's behalf. */
import { setTimeout } from "node:timers/promises";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { Gate, GateAnswer, GateCall, GateRefusal } from "../dialects/dialect-core.ts";
import { monotonicMillis } from "../lib/clock.ts";
import type { OwnListener } from "../lib/own-listener.ts";
import type { Vitals } from "../manage/vitals.ts";
import { createAskListener } from "../proxy/net/ask-listener.ts";
import { DENIAL_META_KEY } from "../proxy/mcp/denial.ts";

const PROTOCOL = "2026-07-28";

/** How long a write may need to reach every process, and how often is looked. */
const IN_FORCE_MAX_MS = 1_500;
const LOOK_MS = 20;

/** `own`: how the data plane's listener serves TLS; undefined: clear text. */
export function createGate(
  url: string,
  own: OwnListener | undefined,
  { status }: Pick<Vitals, "status">,
): Gate {
  const askListener = createAskListener(url, own);
  let id = 0;

  async function ask(
    { credential, session, upstream, idempotencyKey }: Omit<GateCall, "tool" | "args">,
    method: string,
    params: JsonObject,
  ): Promise<GateAnswer> {
    id += 1;
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": PROTOCOL,
      "io.modelcontextprotocol/clientInfo": { name: "sallyport", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const { name } = params;
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": PROTOCOL,
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
      "x-sallyport-key": credential,
      ...(session !== undefined && { "x-sallyport-session": session }),
      ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
    };
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } });
    const { status: code, text } = await askListener(`/mcp/${upstream}`, headers, body);
    return answerOf(lastMessage(text), code);
  }

  return {
    callTool: (call) => ask(call, "tools/call", { name: call.tool, arguments: call.args }),
    async inForce(policies) {
      const until = monotonicMillis() + IN_FORCE_MAX_MS;
      while ((await status()).policy.digest !== policies && monotonicMillis() < until) {
        await setTimeout(LOOK_MS);
      }
    },
    listTools: (asking, cursor) =>
      ask(asking, "tools/list", cursor === undefined ? {} : { cursor }),
  };
}

/** A JSON body, or the last event of a stream: notifications come before the answer. */
function lastMessage(text: string): JsonValue {
  const events = text.startsWith("{")
    ? [text]
    : [...text.matchAll(/^data: ?(.*)$/gmu)].map(([, data = ""]) => data);
  const last = events.at(-1);
  try {
    const message: JsonValue = JSON.parse(last ?? "null");
    return message;
  } catch {
    return null;
  }
}

function answerOf(message: JsonValue, status: number): GateAnswer {
  const { result, error } = isJsonObject(message) ? message : {};
  if (isJsonObject(result)) {
    const meta = result["_meta"];
    const denial = isJsonObject(meta) ? meta[DENIAL_META_KEY] : undefined;
    if (isJsonObject(denial)) return { kind: "refused", refusal: refusalOf(denial, "") };
    return { kind: "answered", result };
  }
  const { data, message: said } = isJsonObject(error) ? error : {};
  const detail = typeof said === "string" ? said : `The data plane answered ${status}.`;
  return { kind: "refused", refusal: refusalOf(isJsonObject(data) ? data : {}, detail) };
}

function refusalOf(data: JsonObject, said: string): GateRefusal {
  const {
    code,
    detail,
    remedy,
    rules,
    review,
    budget,
    retry_after_s: retryAfter,
    request_id: exchange,
  } = data;
  const text = (value: JsonValue | undefined): string | undefined =>
    typeof value === "string" ? value : undefined;
  return {
    code: text(code) ?? "upstream_failed",
    detail: text(detail) ?? said,
    remedy: text(remedy),
    rules: Array.isArray(rules) ? rules.filter((rule) => typeof rule === "string") : [],
    review: text(review),
    budget: text(budget),
    retryAfter: typeof retryAfter === "number" ? retryAfter : undefined,
    exchange: text(exchange),
    data,
  };
}
