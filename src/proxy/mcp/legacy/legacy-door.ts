/**
 * Clients of 2024-11-05: a stream at `<endpoint>/sse`, messages to `<endpoint>/message`. Each message
 * becomes an exchange like any other; what it is answered goes down the stream, denials too.
 *
 * @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse
 */
import type { Refusal } from "../../../core/refusal.ts";
import type { Principal } from "../../../core/principal.ts";
import type { Upstream } from "../../../core/upstream.ts";
import { identify } from "../../../pipeline/identify.ts";
import type { BodyLimits } from "../../data-plane-limits.ts";
import { readBody } from "../../request-body.ts";
import type { Arrival } from "../federation/federation-door.ts";
import type { InnerTools } from "../inner/inner-side.ts";
import { LocalExchange, type LocalParts } from "../inner/local-exchange.ts";
import { readQuestion } from "../read-question.ts";
import { AnswerStream } from "../transport/answer-stream.ts";
import { withHeaders, type McpRequest, type McpServerSide } from "../transport/mcp-request.ts";
import { askMessages } from "../era/answer-reader.ts";
import { MESSAGE_PATH, STREAM_PATH } from "./legacy-paths.ts";
import { LegacyStreams } from "./legacy-streams.ts";

export class LegacyDoor {
  readonly #tools: InnerTools;
  readonly #limits: BodyLimits;
  readonly #sideOf: (upstream: Upstream) => McpServerSide;
  readonly #streams: LegacyStreams;
  readonly #shared: McpServerSide;

  constructor(
    limits: BodyLimits,
    tools: InnerTools,
    sideOf: (upstream: Upstream) => McpServerSide,
  ) {
    this.#tools = tools;
    this.#limits = limits;
    this.#sideOf = sideOf;
    this.#streams = new LegacyStreams(tools.peers.mark);
    this.#shared = tools.peers.share("mcp/legacy", this.#streams);
  }

  async serve(arrival: Arrival): Promise<void> {
    const { head, request, invite } = arrival;
    if (head.method === "GET" && head.path === STREAM_PATH) return this.#stream(arrival);
    if (head.method !== "POST" || head.path !== MESSAGE_PATH) {
      const detail = `Of the old transport there are GET ${STREAM_PATH} and POST ${MESSAGE_PATH}.`;
      return this.#refuse(arrival, { code: "malformed", detail });
    }
    const identified = await identify(arrival.presented, this.#tools.ports.directory);
    if (identified.kind === "halt") return this.#refuse(arrival, NO_STREAM);
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
    this.#tell(arrival, asked);
  }

  /** To the stream that the message names, whichever process it was opened in. */
  #tell(arrival: Arrival, asked: McpRequest): void {
    const { head, reply } = arrival;
    const id = new URLSearchParams(head.query).get("sessionId") ?? "";
    const name = LegacyStreams.nameOf(id, head.upstream);
    const headers = withHeaders(asked.headers, { "mcp-session-id": name });
    let status = 0;
    askMessages(
      this.#shared,
      { ...asked, headers },
      {
        head: (heard) => (status = heard),
        message: () => {},
        ended: () => {
          if (status === 202) reply.refuse(ACCEPTED, false);
          else this.#refuse(arrival, status === 403 ? NOT_YOURS : NO_STREAM);
        },
      },
    );
  }

  /** The stream itself is an exchange: who listens is known and on the record. */
  #stream(arrival: Arrival): void {
    const { upstream } = arrival.head;
    const place = upstream === this.#tools.federation ? "/mcp" : `/mcp/${upstream.name}`;
    this.#keep(arrival, undefined, {
      ask: (request, handler) => {
        const listened = { side: this.#sideOf(upstream), upstream, place };
        this.#streams.begin(listened, request, new AnswerStream(handler));
      },
      close: () => Promise.resolve(),
    });
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

const ACCEPTED = { status: 202, headers: { "content-type": "text/plain" }, body: "" } as const;

const NO_STREAM: Refusal = {
  code: "no_such_upstream",
  detail: "There is no such stream; open one with GET first.",
};

const NOT_YOURS: Refusal = { code: "malformed", detail: "That stream belongs to somebody else." };

/** Behind what is refused before anybody is asked. */
const NOBODY: McpServerSide = {
  ask: (_, handler) => new AnswerStream(handler).status(404),
  close: () => Promise.resolve(),
};
