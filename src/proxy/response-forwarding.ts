/**
 * Stage 10 of 11: the way back of one exchange. undici calls in, the inspector judges, the reply
 * goes out; backpressure runs end to end and every path ends in exactly one outcome.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import type { Dispatcher } from "undici";
import type { Outcome, Scan } from "../core/evidence.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal, RefusalCode } from "../core/refusal.ts";
import type { ChunkVerdict, ResponseInspector } from "../pipeline/ask.ts";
import type { Cuttable, Dispatch, Forwarded } from "./forward-http.ts";
import { HoldLimit } from "./hold-limit.ts";
import { joinChunks } from "./join-chunks.ts";
import { openDecoder } from "./open-decoder.ts";
import { LateReply } from "./late-reply.ts";
import type { Reply } from "./reply.ts";
import { isCodedForTransfer, isSmall } from "./response-framing.ts";
import { headFields, responseHeaders, responseTrailers } from "./response-headers.ts";
import {
  ClientGone,
  refusalOfFailure,
  TotalTimeout,
  withheldUnscanned,
} from "./upstream-failure.ts";

/** How the body travels: `small` and `whole` are gathered first, `whole` is also looked at. */
type Mode = "pass" | "small" | "whole" | "stream";

export class ResponseForwarding implements Dispatcher.DispatchHandler, Cuttable {
  place = -1;
  readonly #dispatch: Dispatch;
  #reply: Reply;
  readonly #inspector: ResponseInspector;
  readonly #hold: HoldLimit;
  readonly #told: Pick<Parameters<typeof responseHeaders>[1], "echoes" | "upstream">;
  readonly #settle: (forwarded: Forwarded) => void;
  readonly principal: Principal | undefined;
  readonly #total: NodeJS.Timeout | undefined;
  readonly #resume = (): void => void (this.#decoder ?? this.#controller)?.resume();
  #controller: Dispatcher.DispatchController | undefined;
  #mode: Mode = "pass";
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #decoder: Duplex | undefined;
  #coded = false;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #scan: Scan | undefined;
  #over = false;
  #cutFor: RefusalCode | undefined;

  constructor(
    dispatch: Dispatch,
    inspector: ResponseInspector,
    echoes: readonly string[],
    settle: (forwarded: Forwarded) => void,
  ) {
    this.#dispatch = dispatch;
    this.#reply = dispatch.reply;
    this.principal = dispatch.facts.principal;
    this.#inspector = inspector;
    this.#hold = new HoldLimit(inspector, (late) => this.#over || this.#obey(late));
    this.#told = { echoes, upstream: dispatch.head.upstream };
    this.#settle = settle;
    dispatch.reply.onGone(() => this.#clientGone());
    dispatch.shutdown.open.add(this);
    const { total } = dispatch.head.upstream.timeouts;
    if (total > 0)
      this.#total = setTimeout(() => this.#over || this.#fail(new TotalTimeout()), total);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over || this.#reply.gone) controller.abort(new ClientGone());
    else this.#dispatch.facts.sent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200 || this.#over) return;
    this.#status = status;
    this.#headers = headers;
    this.#dispatch.facts.upstreamStatus = status;
    if (isCodedForTransfer(headers)) return this.#fail(new Error("a transfer coding is unknown"));
    if (this.#dispatch.head.method === "HEAD" || status === 204 || status === 304) {
      this.#scan = { kind: "none", reason: "no_body" };
      this.#sendHead({ rewritten: false });
      return;
    }
    const verdict = this.#inspector.head(status, headFields(headers));
    switch (verdict.kind) {
      case "pass":
        this.#scan = verdict.scan;
        this.#mode = isSmall(headers) ? "small" : "pass";
        if (this.#mode === "pass") this.#sendHead({ rewritten: false });
        break;
      case "whole":
        this.#mode = "whole";
        this.#decode();
        break;
      case "stream":
        this.#mode = "stream";
        if (verdict.late) this.#reply = new LateReply(this.#reply, headers, this.#inspector);
        if (this.#decode()) this.#sendHead({ rewritten: true });
        break;
      case "halt":
        this.#refuse(verdict.refusal);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    const decoder = this.#decoder;
    if (decoder === undefined) return this.#take(chunk);
    this.#coded = true;
    if (!decoder.write(chunk)) {
      controller.pause();
      decoder.once("drain", () => controller.resume());
    }
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    if (this.#over) return;
    // Nothing at all is no broken gzip: servers name an encoding for empty answers, too.
    const decoder = this.#coded ? this.#decoder : undefined;
    if (decoder === undefined) this.#finish(trailers);
    else decoder.once("end", () => this.#finish(trailers)).end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (!this.#over) this.#fail(error);
  }

  /** The time to drain is over, or an operator ends what runs. */
  cut(why: Refusal): void {
    if (this.#over) return;
    this.#cutFor = why.code;
    this.#breakOff(why);
  }

  #take(chunk: Uint8Array): void {
    switch (this.#mode) {
      case "pass":
        this.#write(chunk);
        break;
      case "stream":
        this.#obey(this.#inspector.chunk(chunk));
        if (!this.#over) this.#hold.heard();
        break;
      case "small":
      case "whole":
        this.#gathered.push(chunk);
        this.#gatheredBytes += chunk.length;
        if (this.#gatheredBytes > this.#dispatch.head.upstream.responseBytesMax) this.#overflow();
    }
  }

  #finish(trailers: IncomingHttpHeaders): void {
    switch (this.#mode) {
      case "pass":
        break;
      case "small":
        this.#sendHead({ rewritten: false });
        return this.#complete(joinChunks(this.#gathered));
      case "whole":
        return void this.#finishWhole().catch((error: Error) => this.#over || this.#fail(error));
      case "stream":
        this.#obey(this.#inspector.end());
    }
    if (this.#over) return;
    this.#reply.end(responseTrailers(trailers, this.#told.echoes));
    this.#done({ kind: "completed", status: this.#status, bytes: this.#reply.bytes });
  }

  async #finishWhole(): Promise<void> {
    const body = joinChunks(this.#gathered);
    const foreseen = this.#inspector.foresee?.(body);
    if (foreseen !== undefined) await foreseen;
    if (this.#over) return;
    const looked = this.#inspector.chunk(body);
    if (looked.kind === "cut") return this.#refuse(looked.refusal);
    const ended = this.#inspector.end();
    if (ended.kind === "cut") return this.#refuse(ended.refusal);
    const bytes = joinChunks([...looked.chunks, ...ended.chunks]);
    this.#dispatch.tellCost?.(this.#status, this.#inspector.report());
    this.#sendHead({ rewritten: bytes !== body, length: bytes.length });
    this.#complete(bytes);
  }

  #complete(bytes: Uint8Array): void {
    this.#reply.writeLast(bytes);
    this.#done({ kind: "completed", status: this.#status, bytes: this.#reply.bytes });
  }

  #obey(verdict: ChunkVerdict): void {
    for (const chunk of verdict.chunks) this.#write(chunk);
    if (verdict.kind === "emit") return;
    if (!this.#reply.headSent) return this.#refuse(verdict.refusal);
    this.#reply.breakOff(verdict.farewell);
    this.#done({ kind: "cut", code: verdict.refusal.code, bytes: this.#reply.bytes });
    this.#abort(new ClientGone());
  }

  #write(chunk: Uint8Array): void {
    // A few bytes decode to gigabytes: the decoder stops with the client, not only its source.
    const source = this.#decoder ?? this.#controller;
    if (!this.#reply.write(chunk, this.#resume)) source?.pause();
  }

  #sendHead({ rewritten, length }: { rewritten: boolean; length?: number }): void {
    // A length of nothing makes some clients wait for it, and is never sent (RFC 9110 §8.6).
    const decoded = this.#decoder !== undefined || this.#status === 204;
    const options = { ...this.#told, rewritten, decoded, length };
    this.#reply.head(this.#status, responseHeaders(this.#headers, options));
    if (this.#mode === "stream") this.#reply.flushHead();
  }

  /** False when the body is in an encoding that nobody here can read: refused, or passed unscanned. */
  #decode(): boolean {
    const streamed = this.#mode === "stream" ? this.#inspector : undefined;
    const decoder = openDecoder(this.#headers["content-encoding"], streamed);
    if (decoder === "as_it_is") return true;
    if (decoder !== undefined) {
      decoder.on("data", (chunk: Buffer) => this.#over || this.#take(chunk));
      decoder.on("error", (error) => this.#over || this.#fail(error));
      this.#decoder = decoder;
      return true;
    }
    this.#passUnscanned("content_encoding");
    return false;
  }

  #overflow(): void {
    if (this.#mode === "small") return this.#fail(new Error("longer than it said"));
    this.#passUnscanned("too_large");
    if (!this.#over) for (const chunk of this.#gathered) this.#write(chunk);
  }

  /** An injected credential could be in what cannot be read, so then there is no passing. */
  #passUnscanned(reason: string): void {
    this.#scan = { kind: "unscanned", reason, bytes: this.#gatheredBytes };
    if (this.#dispatch.head.upstream.unscannable === "refuse" || this.#told.echoes.length > 0) {
      this.#refuse(withheldUnscanned(reason));
      return;
    }
    this.#mode = "pass";
    this.#sendHead({ rewritten: this.#decoder !== undefined });
  }

  #refuse(refusal: Refusal): void {
    this.#dispatch.facts.cause = refusal.cause;
    this.#reply.refuse(this.#dispatch.refuse(refusal), false);
    this.#done({ kind: "refused", code: refusal.code, detail: refusal.detail });
    this.#abort(new ClientGone());
  }

  #fail(error: Error): void {
    if (error instanceof ClientGone || this.#reply.gone) return this.#clientGone();
    this.#breakOff(refusalOfFailure(error, this.#dispatch.head.upstream.name));
  }

  #breakOff(refusal: Refusal): void {
    const reply = this.#reply;
    if (!reply.headSent) return this.#refuse(refusal);
    reply.breakOff(this.#mode === "stream" ? this.#inspector.farewell?.(refusal) : undefined);
    this.#dispatch.facts.cause = refusal.cause;
    const { bytes } = reply;
    const code = this.#cutFor;
    this.#done(code ? { kind: "cut", code, bytes } : { kind: "abandoned", by: "upstream", bytes });
    this.#abort(new ClientGone());
  }

  #clientGone(): void {
    if (this.#over) return;
    const { bytes, broken } = this.#reply;
    if (broken || this.#dispatch.shutdown.cutting)
      this.#done({ kind: "cut", code: "draining", bytes });
    else this.#done({ kind: "abandoned", by: "client", bytes });
    this.#abort(new ClientGone());
  }

  #abort(reason: Error): void {
    this.#decoder?.destroy();
    this.#controller?.abort(reason);
  }

  #done(outcome: Outcome): void {
    this.#over = true;
    this.#dispatch.shutdown.open.remove(this);
    clearTimeout(this.#total);
    this.#hold[Symbol.dispose]();
    const known = this.#inspector.report();
    const report = this.#scan === undefined ? known : { ...known, scan: this.#scan };
    this.#settle({ outcome, report });
  }
}
