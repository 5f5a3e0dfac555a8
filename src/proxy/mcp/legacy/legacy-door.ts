/**
 * Clients of 2024-11-05: a stream at `<endpoint>/sse`, messages to `<endpoint>/message`. Each message
 * becomes an exchange like any other; what it is answered goes down the stream, denials too.
 *
 * @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
 */
import type { Principal } from "../../../core/principal.ts";
import type { Upstream } from "../../../core/upstream.ts";
import { randomToken } from "../../../lib/ids.ts";
import { identify } from "../../../pipeline/identify.ts";
import type { BodyLimits } from "../../data-plane-limits.ts";
import { readBody } from "../../request-body.ts";
import type { Arrival } from "../federation/federation-door.ts";
import type { InnerTools } from "../inner/inner-side.ts";
import { LocalExchange, type LocalParts } from "../inner/local-exchange.ts";
import { readQuestion } from "../read-question.ts";
import { AnswerStream, errorText } from "../transport/answer-stream.ts";
import { ownerOf, type McpRequest, type McpServerSide } from "../transport/mcp-request.ts";
import { MESSAGE_PATH, STREAM_PATH } from "./legacy-paths.ts";
import { LegacyStream } from "./legacy-stream.ts";

const STREAMS_MAX = 1024;
const ID_BYTES = 24;
const RPC_SESSION_UNKNOWN = -32001;

interface Open {
  readonly owner: string;
  readonly upstream: Upstream;
  readonly stream: LegacyStream;
}

export class LegacyDoor {
  readonly #tools: InnerTools;
  readonly #limits: BodyLimits;
  readonly #sideOf: (upstream: Upstream) => McpServerSide;
  readonly #open = new Map<string, Open>();

  constructor(
    limits: BodyLimits,
    tools: InnerTools,
    sideOf: (upstream: Upstream) => McpServerSide,
  ) {
    this.#tools = tools;
    this.#limits = limits;
    this.#sideOf = sideOf;
  }

  async serve(arrival: Arrival): Promise<void> {
    const { head, request, reply, invite } = arrival;
    if (head.method === "GET" && head.path === STREAM_PATH) return this.#stream(arrival);
    if (head.method !== "POST" || head.path !== MESSAGE_PATH) {
      const detail = `Of the old transport there are GET ${STREAM_PATH} and POST ${MESSAGE_PATH}.`;
      return this.#refuse(arrival, { code: "malformed", detail });
    }
    const identified = await identify(arrival.presented, this.#tools.ports.directory);
    const open = this.#open.get(new URLSearchParams(head.query).get("sessionId") ?? "");
    if (identified.kind === "halt" || open === undefined) {
      const detail = "There is no such stream; open one with GET first.";
      return this.#refuse(arrival, { code: "no_such_upstream", detail });
    }
    if (open.owner !== ownerOf(identified.value) || open.upstream !== head.upstream) {
      const detail = "That stream belongs to somebody else.";
      return this.#refuse(arrival, { code: "malformed", detail });
    }
    invite?.();
    const body = await readBody(request, head.upstream.requestBytesMax, this.#limits);
    if (body.kind !== "ok") {
      const detail = "The message is too large, too slow, or broke off.";
      return this.#refuse(arrival, { code: "malformed", detail });
    }
    const reading = readQuestion(body.bytes, head);
    if (reading.kind === "problem") return this.#keep(arrival, reading);
    const { text, message, question } = reading;
    const asked = this.#request(arrival, identified.value, { sent: { text, message }, question });
    open.stream.tell(asked);
    reply.refuse({ status: 202, headers: { "content-type": "text/plain" }, body: "" }, false);
  }

  /** The stream itself is an exchange: who listens is known and on the record. */
  #stream(arrival: Arrival): void {
    this.#keep(arrival, undefined, {
      ask: (request, handler) => {
        const stream = new AnswerStream(handler);
        if (stream.over) return;
        if (this.#open.size >= STREAMS_MAX) {
          const why = "Too many streams are open.";
          return stream.reply(503, errorText(undefined, RPC_SESSION_UNKNOWN, why));
        }
        this.#begin(arrival, request, stream);
      },
      close: () => Promise.resolve(),
    });
  }

  #begin({ head }: Arrival, request: McpRequest, stream: AnswerStream): void {
    const { upstream } = head;
    const id = randomToken(ID_BYTES);
    const legacy = new LegacyStream(this.#sideOf(upstream), request, stream);
    this.#open.set(id, { owner: ownerOf(request.principal), upstream, stream: legacy });
    stream.onGone(() => {
      this.#open.delete(id);
      legacy.close();
    });
    const place = upstream === this.#tools.federation ? "/mcp" : `/mcp/${upstream.name}`;
    stream.named("endpoint", `${place}${MESSAGE_PATH}?sessionId=${id}`);
  }

  #request(
    { headers, presented }: Arrival,
    principal: Principal,
    what: Pick<McpRequest, "sent" | "question">,
  ): McpRequest {
    return { verb: "POST", headers: [...headers], principal, presented, ...what };
  }

  #refuse(
    arrival: Arrival,
    refusal: Extract<LocalParts["reading"], { kind: "refused" }>["refusal"],
  ): void {
    this.#keep(arrival, { kind: "refused", refusal });
  }

  #keep(arrival: Arrival, reading: LocalParts["reading"], side: McpServerSide = NOBODY): void {
    const { head, headers, presented, at, reply, request } = arrival;
    const unread = !request.complete;
    const parts = { head, headers: [...headers], presented, at, reply, reading, unread };
    this.#tools.run(new LocalExchange({ ...parts, action: undefined }, side, this.#tools));
  }
}

/** Behind what is refused before anybody is asked. */
const NOBODY: McpServerSide = {
  ask: (_, handler) => new AnswerStream(handler).status(404),
  close: () => Promise.resolve(),
};
