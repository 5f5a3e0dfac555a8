/** Chooses, on the head of an answer, how its body is judged and counted. */
import type { Scan } from "../../core/evidence.ts";
import type { HeadFields } from "../../core/head-fields.ts";
import type { Aside } from "../../core/inspect/foresee.ts";
import type { Finding } from "../../core/inspect/finding.ts";
import { isIdle, type Inspection } from "../../core/inspect/inspection.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { estimateTokens } from "../../core/money/token-count.ts";
import type { Uncounted } from "../../core/money/token-counter.ts";
import { createUsageReader, type UsageReader } from "../../core/money/usage-reader.ts";
import { inputTokensOf, UNCOUNTED, type Usage } from "../../core/money/usage.ts";
import type { CallMeter } from "../../pipeline/call-meter.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { ExchangeId } from "../../core/units.ts";
import type { Upstream } from "../../core/upstream.ts";
import type {
  ChunkVerdict,
  HeadVerdict,
  InspectionReport,
  ResponseInspector,
} from "../../pipeline/ask.ts";
import { foreseeJson } from "../../pipeline/foresee-json.ts";
import { createHttpInspector } from "../../pipeline/inspect-bytes.ts";
import { answerText, requestText } from "./billable-text.ts";
import { EventStream } from "./event-stream.ts";
import { judgeJson } from "./json-answer.ts";
import type { Operation } from "./operation.ts";
import { StreamAhead } from "./stream-ahead.ts";
import type { Search } from "./scan-answer.ts";

export interface LlmInspectorOptions {
  readonly exchange: ExchangeId;
  readonly upstream: Upstream;
  readonly operation: Operation;
  readonly inspection: Inspection;
  readonly echoes: readonly string[];
  readonly hidesUsage: boolean;
  /** What was asked, for a count where the provider makes none. */
  readonly asked: AskedText;
  readonly meter: CallMeter | undefined;
  /** The same refusal in the words that policy has for this agent. */
  readonly told: (refusal: Refusal) => Refusal;
}

export interface AskedText {
  readonly body: JsonObject;
  readonly imageTokens: number;
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const NOTHING: ChunkVerdict = { kind: "emit", chunks: [] };
const NO_FINDINGS: readonly Finding[] = [];

export class LlmInspector implements ResponseInspector {
  readonly #options: LlmInspectorOptions;
  readonly #search: Search;
  readonly #usage: UsageReader | undefined;
  #stream: EventStream | undefined;
  #ahead: StreamAhead | undefined;
  /** For what is neither JSON nor an event stream: judged as any HTTP body. */
  #other: ResponseInspector | undefined;
  #findings: readonly Finding[] = NO_FINDINGS;
  /** The whole answer, where it was one JSON document. */
  #answer: JsonObject | undefined;
  #fileUnits = 0;
  #status = 0;
  #bytes = 0;
  #inputLearned = false;

  constructor(options: LlmInspectorOptions) {
    const { operation, inspection, echoes } = options;
    this.#options = options;
    this.#search = { inspection, echoes, repeated: operation.repeated };
    this.#usage = operation.usage === undefined ? undefined : createUsageReader(operation.usage);
  }

  head(status: number, headers: HeadFields): HeadVerdict {
    const { inspection, echoes } = this.#options;
    const looks = !isIdle(inspection) || echoes.length > 0;
    if (!looks && this.#usage === undefined) {
      return { kind: "pass", scan: { kind: "none", reason: "not_asked" } };
    }
    this.#status = status;
    this.#usage?.readHead?.(headers);
    const type = headers.get("content-type") ?? "";
    if (JSON_TYPE.test(type)) return { kind: "whole" };
    if (this.#options.operation.codec.type.test(type)) {
      this.#stream = this.#openStream();
      return { kind: "stream" };
    }
    return this.#openOther().head(status, headers);
  }

  foresee(bytes: Uint8Array, aside?: Aside): Promise<void> | undefined {
    return foreseeJson(this.#options.inspection, bytes, aside);
  }

  asksAhead(): boolean {
    const { opinions } = this.#options.inspection;
    if (this.#other !== undefined) return this.#other.asksAhead?.() ?? false;
    return opinions !== undefined && this.#stream !== undefined;
  }

  ahead(bytes: Uint8Array | undefined): Promise<void> | undefined {
    if (this.#other !== undefined) return this.#other.ahead?.(bytes);
    this.#ahead ??= this.#openAhead();
    return this.#ahead?.read(bytes);
  }

  #openAhead(): StreamAhead | undefined {
    const { inspection, operation, upstream } = this.#options;
    const doubts = inspection.opinions?.follow(inspection);
    if (doubts === undefined) return undefined;
    const framer = operation.codec.framer(upstream.responseBytesMax);
    return new StreamAhead(doubts, framer, operation.readEvents());
  }

  chunk(bytes: Uint8Array): ChunkVerdict {
    this.#bytes += bytes.length;
    if (this.#stream !== undefined) return this.#streamed(this.#stream, bytes);
    if (this.#other !== undefined) return this.#other.chunk(bytes);
    const judged = judgeJson(bytes, this.#search, this.#usage);
    if (judged === undefined) return this.#asText(bytes);
    this.#findings = judged.findings;
    this.#fileUnits = judged.fileUnits;
    if (isJsonObject(judged.value)) this.#answer = judged.value;
    return judged.verdict;
  }

  #streamed(stream: EventStream, bytes: Uint8Array): ChunkVerdict {
    const verdict = stream.chunk(bytes);
    const { meter } = this.#options;
    // With the bill comes the end, which settles all at once.
    if (meter !== undefined && !this.#inputLearned && !stream.finished) {
      const said = this.#usage?.usage();
      this.#inputLearned = said?.input !== undefined;
      if (said?.input !== undefined) meter.learnedInput(inputTokensOf(said));
    }
    return verdict;
  }

  end(): ChunkVerdict {
    return (this.#stream ?? this.#other)?.end() ?? NOTHING;
  }

  farewell(refusal: Refusal): Uint8Array | undefined {
    return this.#stream?.farewell(refusal);
  }

  report(): InspectionReport {
    const usage = this.#usageSoFar();
    const model = this.#usage?.model();
    if (this.#other !== undefined) return { ...this.#other.report(), usage, model };
    const findings = this.#stream?.findings ?? this.#findings;
    return { findings, scan: this.#scan(), usage, model, uncounted: this.#uncounted() };
  }

  /** A whole answer without a word about what it cost. */
  #uncounted(): Uncounted | undefined {
    if (this.#status !== 200 || this.#usage === undefined) return undefined;
    if (this.#usage.usage() !== undefined) return undefined;
    const { body, imageTokens } = this.#options.asked;
    const stream = this.#stream;
    if (stream === undefined) {
      if (this.#answer === undefined) return undefined;
      return { input: requestText(body), output: answerText(this.#answer), imageTokens };
    }
    if (!stream.finished || !stream.parts.whole) return undefined;
    return { input: requestText(body), output: stream.parts.text, imageTokens };
  }

  /** It calls itself JSON and is not: whatever a client makes of it, it is looked at. */
  #asText(bytes: Uint8Array): ChunkVerdict {
    const other = this.#openOther();
    const headed = other.head(200, new Map([["content-type", "text/plain; charset=utf-8"]]));
    if (headed.kind === "pass") return { kind: "emit", chunks: [bytes] };
    return other.chunk(bytes);
  }

  #openOther(): ResponseInspector {
    const { inspection, echoes, upstream } = this.#options;
    const { responseBytesMax, unscannable } = upstream;
    this.#other = createHttpInspector(inspection, echoes, responseBytesMax, unscannable);
    return this.#other;
  }

  #openStream(): EventStream {
    const { exchange, operation, upstream, echoes, hidesUsage, meter, told } = this.#options;
    return new EventStream({
      exchange,
      search: this.#search,
      reader: operation.readEvents(),
      codec: operation.codec,
      usage: this.#usage,
      hidesUsage,
      meter,
      told,
      heldBytesMax: upstream.responseBytesMax,
      passesUnscannable: upstream.unscannable === "pass" && echoes.length === 0,
    });
  }

  #scan(): Scan {
    if (this.#options.inspection.rules.length === 0) return { kind: "none", reason: "not_asked" };
    const bytes = this.#bytes;
    if (this.#stream?.unread === true) {
      return { kind: "unscanned", reason: this.#stream.unseen ?? "too_large", bytes };
    }
    const fileUnits = this.#stream?.fileUnits ?? this.#fileUnits;
    if (fileUnits > 0) return { kind: "unscanned", reason: "binary", bytes: fileUnits };
    return { kind: "scanned", bytes };
  }

  /** A count that came before the end is a floor, and so is what we have seen of the text. */
  #usageSoFar(): Usage | undefined {
    const said = this.#usage?.usage();
    const stream = this.#stream;
    if (stream === undefined || (said !== undefined && stream.finished)) return said;
    const seen = estimateTokens(stream.parts.bytes);
    if (this.#usage === undefined || (said === undefined && seen === 0)) return undefined;
    return {
      ...(said ?? UNCOUNTED),
      output: Math.max(said?.output ?? 0, seen),
      source: "floor",
    };
  }
}
