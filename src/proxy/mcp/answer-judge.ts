/** Judges each message that an MCP server sends in answer to one HTTP request. */
import type { McpAction, ToolAction } from "../../core/action.ts";
import { MCP_METHOD_CLASSES, type McpMethod } from "../../core/action-classes.ts";
import { blockRefusal } from "../../core/inspect/block-refusal.ts";
import type { Finding } from "../../core/inspect/finding.ts";
import type { Inspection } from "../../core/inspect/inspection.ts";
import { scanJson } from "../../core/inspect/scan-json.ts";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { ExchangeId, UpstreamName } from "../../core/units.ts";
import { impossible } from "../../lib/impossible.ts";
import { denialAnswer } from "./denial.ts";
import { listShape, narrowList, type ListShape } from "./narrow-list.ts";
import type { Question } from "./question.ts";
import type { RpcMessage, RpcResponse } from "./rpc-message.ts";

/** What the answers to one HTTP request are held against. */
export interface AnswerScreen {
  readonly exchange: ExchangeId;
  readonly upstream: UpstreamName;
  readonly question: Question;
  readonly inspection: Inspection;
  /** Forms of the injected credential. */
  readonly echoes: readonly string[];
  /** Whether policy could ever allow this; decides what a list shows. */
  readonly admits: (use: ToolAction | McpAction) => boolean;
}

export type Judgement =
  | { readonly kind: "as_is" }
  | { readonly kind: "rewritten"; readonly json: JsonObject }
  /** `answer`: what to tell the client instead; undefined where nobody waits for one. */
  | { readonly kind: "blocked"; readonly refusal: Refusal; readonly answer: JsonObject | undefined }
  /** An answer that nobody asked for. */
  | { readonly kind: "stray"; readonly refusal: Refusal };

interface ScreenedValue {
  readonly blocked: Refusal | undefined;
  /** The same where nothing was taken out. */
  readonly value: JsonValue;
}

/** A stream may run for days; its record must not. */
const FINDINGS_MAX = 64;
/**
 * How long a client may keep a list. Long enough to be of use, short enough that a change of
 * policy shows; what is called is judged anew anyway.
 */
export const CACHE_TTL_MAX_MS = 10_000;

const AS_IS: Judgement = { kind: "as_is" };

export class AnswerJudge {
  readonly findings: Finding[] = [];
  /** Of text, as the scanner counts them. */
  scannedBytes = 0;
  /** Whether the request of this exchange has been answered. */
  answered = false;
  /** Whether policy, or a credential to withhold, asks for a look at content. */
  readonly looks: boolean;
  readonly #screen: AnswerScreen;

  constructor(screen: AnswerScreen) {
    this.#screen = screen;
    this.looks = screen.inspection.rules.length > 0 || screen.echoes.length > 0;
  }

  judge(message: RpcMessage): Judgement {
    if (message.kind !== "response") return this.#judgeText(message);
    const stray = this.#strayness(message);
    if (stray !== undefined) {
      this.note(stray);
      const detail = `The MCP server gave ${STRAY[stray]}, so it was withheld.`;
      return { kind: "stray", refusal: { code: "upstream_broken", detail } };
    }
    if (this.#screen.question.kind === "request") this.answered = true;
    if (message.result === undefined) return this.#judgeText(message);
    return this.#judgeResult(message, message.result);
  }

  /** JSON that is no message: an HTTP error's body, or an event of another kind. */
  judgeValue(value: JsonValue): ScreenedValue {
    if (!this.looks) return { blocked: undefined, value };
    const scan = scanJson(this.#screen.inspection, value, this.#screen.echoes);
    this.scannedBytes += scan.textBytes;
    for (const finding of scan.findings) this.#keep(finding);
    if (scan.blocked !== undefined)
      return { blocked: blockRefusal("response_blocked", scan.blocked), value };
    return { blocked: scan.complete ? undefined : TOO_DEEP, value: scan.value };
  }

  /** Records a breach of the protocol by the server. */
  note(signature: Breach): void {
    this.#keep({
      detector: "mcp",
      signature,
      rule: "protocol",
      score: 100,
      confidence: 1,
      part: "message",
      start: 0,
      end: 0,
      action: "block",
    });
  }

  #judgeText(message: RpcMessage): Judgement {
    const { json } = message;
    const { blocked, value } = this.judgeValue(json);
    if (blocked !== undefined) return this.#block(message, blocked);
    return value === json || !isJsonObject(value) ? AS_IS : { kind: "rewritten", json: value };
  }

  #judgeResult(message: RpcResponse, result: JsonObject): Judgement {
    const { question } = this.#screen;
    const asked = question.kind === "request" ? question : undefined;
    const shape = listShape(asked?.method, result);
    const { blocked, value } =
      shape === undefined ? this.judgeValue(result) : this.#judgeList(shape, result);
    if (blocked !== undefined) return this.#block(message, blocked);
    if (!isJsonObject(value)) return AS_IS;
    const shown = asked?.era === "2026" ? privately(value, asked.method) : value;
    if (shown === result) return AS_IS;
    return { kind: "rewritten", json: { ...message.json, result: shown } };
  }

  #judgeList(shape: ListShape, result: JsonObject): ScreenedValue {
    const { upstream, admits } = this.#screen;
    const screen = (entry: JsonValue): JsonValue | undefined => this.#screenEntry(entry);
    const shown = narrowList(shape, result, upstream, { admits, screen });
    const entries = shown[shape.member];
    if (entries === undefined) return this.judgeValue(result);
    const rest = { ...shown, [shape.member]: [] };
    const { blocked, value } = this.judgeValue(rest);
    if (blocked !== undefined || value === rest || !isJsonObject(value)) {
      return { blocked, value: shown };
    }
    return { blocked, value: { ...value, [shape.member]: entries } };
  }

  #block(message: RpcMessage, refusal: Refusal): Judgement {
    const answer = message.kind === "response" ? this.#denial(message, refusal) : undefined;
    return { kind: "blocked", refusal, answer };
  }

  /** A poisoned entry hides itself, not its neighbours. */
  #screenEntry(entry: JsonValue): JsonValue | undefined {
    const { blocked, value } = this.judgeValue(entry);
    return blocked === undefined ? value : undefined;
  }

  #strayness({ id, error }: RpcResponse): Breach | undefined {
    const { question } = this.#screen;
    switch (question.kind) {
      case "stream":
        return undefined; // May replay answers to earlier requests.
      case "request":
        if (id !== question.id && !(id === undefined && error !== undefined)) {
          return "foreign-answer";
        }
        return this.answered ? "second-answer" : undefined;
      case "notification":
      case "response":
      case "end":
      case "unread":
        return "foreign-answer";
      default:
        return impossible(question);
    }
  }

  #denial({ id, result }: RpcResponse, refusal: Refusal): JsonObject | undefined {
    const { question, exchange } = this.#screen;
    if (question.kind === "request") return denialAnswer(question, refusal, exchange);
    if (id === undefined) return undefined;
    const method = isJsonArray(result?.["content"]) ? "tools/call" : "resources/read";
    return denialAnswer({ kind: "request", id, method, era: "2025" }, refusal, exchange);
  }

  #keep(finding: Finding): void {
    if (this.findings.length < FINDINGS_MAX) this.findings.push(finding);
  }
}

/** Breaches of the protocol by a server, as findings name them. */
const STRAY = {
  "foreign-answer": "an answer to another request",
  "second-answer": "a second answer",
  "unreadable-message": "something that is no MCP message",
} as const;

type Breach = keyof typeof STRAY;

/** What this principal may see, another may not: no shared cache, and not for long. */
function privately(result: JsonObject, method: McpMethod): JsonObject {
  if (MCP_METHOD_CLASSES[method] !== "list") return result;
  const { cacheScope, ttlMs } = result;
  const lasting = typeof ttlMs === "number" && ttlMs > CACHE_TTL_MAX_MS;
  if (!lasting && (cacheScope === "private" || cacheScope === undefined)) return result;
  return { ...result, cacheScope: "private", ...(lasting && { ttlMs: CACHE_TTL_MAX_MS }) };
}

const TOO_DEEP: Refusal = {
  code: "response_unscannable",
  detail: "The answer is nested or encoded too deeply to be inspected, so it was withheld.",
};
