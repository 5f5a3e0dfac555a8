/**
 * What is answered here and by no upstream alone: a session with all of them, their lists, a legacy stream.
 * On the record as such; what it causes at upstreams is on the record as theirs.
 */
import { standsOpen, type McpMethod } from "../../../core/action-classes.ts";
import type { McpAction } from "../../../core/action.ts";
import type { Facts } from "../../../core/evidence.ts";
import type { Refusal } from "../../../core/refusal.ts";
import type { ExchangeId, Instant } from "../../../core/units.ts";
import type { Upstream } from "../../../core/upstream.ts";
import { halt, pass, type Verdict } from "../../../core/verdict.ts";
import type { Authorized } from "../../../operations/authorize.ts";
import type { Door } from "../../../operations/govern.ts";
import type {
  Ask,
  InspectionReport,
  InterpretContext,
  Interpretation,
  Presented,
  ResponseInspector,
  Surroundings,
} from "../../../pipeline/ask.ts";
import type { Forwarded } from "../../forward-http.ts";
import type { Reply } from "../../reply.ts";
import { ResponseForwarding } from "../../response-forwarding.ts";
import type { RequestHead, WireReply } from "../../wire.ts";
import { UNREAD, type Fault, type Question } from "../question.ts";
import type { QuestionReading } from "../read-question.ts";
import { renderMcpRefusal } from "../render-mcp-refusal.ts";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";
import type { InnerTools } from "./inner-side.ts";

export interface LocalParts {
  readonly head: RequestHead;
  readonly headers: string[];
  readonly presented: Presented;
  readonly at: Instant;
  readonly reply: Reply;
  /** Why there is no message, or the message. Undefined for GET and DELETE. */
  readonly reading:
    | QuestionReading
    | { readonly kind: "refused"; readonly refusal: Refusal }
    | undefined;
  /** What is asked of a member but answered here; else it is of what it came to. */
  readonly action: McpAction | undefined;
  /** Whether more of the body would come. */
  readonly unread: boolean;
}

export class LocalExchange implements Ask, Door {
  readonly exchange: ExchangeId;
  readonly at: Instant;
  readonly upstream: Upstream;
  readonly method: string;
  readonly path: string;
  readonly presented: Presented;
  readonly trace = undefined;
  readonly surroundings: Surroundings = { url: "", headers: [] };
  readonly #parts: LocalParts;
  readonly #side: McpServerSide;
  readonly #inner: InnerTools;
  #question: Question = UNREAD;
  #fault: Fault | undefined;
  #request: McpRequest | undefined;

  constructor(parts: LocalParts, side: McpServerSide, inner: InnerTools) {
    const { head, presented, at } = parts;
    this.exchange = head.exchange;
    this.at = at;
    this.upstream = head.upstream;
    this.method = head.method;
    this.path = head.path;
    this.presented = presented;
    this.#parts = parts;
    this.#side = side;
    this.#inner = inner;
  }

  interpret({ principal }: InterpretContext): Promise<Verdict<Interpretation>> {
    const { reading, head, headers, presented } = this.#parts;
    const asked = reading ?? bare(head.method);
    if (asked === undefined) {
      const detail = "MCP uses POST, and GET and DELETE in its older versions.";
      this.#fault = { status: 405, rpcCode: -32600, data: undefined };
      return Promise.resolve(halt({ code: "malformed", detail }));
    }
    if (asked.kind === "refused") return Promise.resolve(halt(asked.refusal));
    this.#question = asked.question;
    if (asked.kind === "problem") {
      this.#fault = asked.fault;
      return Promise.resolve(halt(asked.refusal));
    }
    const verb = head.method === "GET" || head.method === "DELETE" ? head.method : "POST";
    const { question } = asked;
    const sent = "message" in asked ? { text: asked.text, message: asked.message } : undefined;
    this.#request = { verb, headers, sent, question, principal, presented };
    return Promise.resolve(
      pass(new Housekeeping(this.#parts.action ?? actionOf(asked, head.upstream))),
    );
  }

  async forward(_: Authorized, facts: Facts): Promise<InspectionReport | undefined> {
    const { head, headers, reply } = this.#parts;
    const request = this.#request;
    if (request === undefined) throw new TypeError("forwarded before it was understood");
    const { standing, shutdown } = this.#inner.exchanges;
    const refuse = (refusal: Refusal): WireReply => this.#render(refusal);
    const dispatch = {
      head,
      target: "",
      headers,
      request: undefined,
      tellCost: undefined,
      reply,
      facts,
      shutdown,
      refuse,
    };
    const stands = standsOpen(facts.action);
    if (stands) standing.add(reply);
    const { outcome, report } = await new Promise<Forwarded>((resolve) => {
      this.#side.ask(request, new ResponseForwarding(dispatch, UNSEEN, [], resolve));
    });
    if (stands) standing.delete(reply);
    facts.outcome = outcome;
    return report;
  }

  refuse(refusal: Refusal): void {
    const { reply, unread } = this.#parts;
    if (reply.gone) return;
    if (reply.headSent) reply.destroy();
    else reply.refuse(this.#render(refusal), unread);
  }

  #render(refusal: Refusal): WireReply {
    const { head } = this.#parts;
    const reply = renderMcpRefusal(refusal, this.#question, this.#fault, this.exchange);
    const place = head.upstream === this.#inner.federation ? "/mcp" : `/mcp/${head.upstream.name}`;
    return this.#inner.login.challenging(reply, head, place);
  }
}

type Understood = Extract<QuestionReading, { kind: "ok" }>;

/** A tool that no member has is still asked for by name: policy may say something about it. */
function actionOf({ action }: BareAsked | Understood, { name: upstream }: Upstream): McpAction {
  return action.kind === "tool"
    ? { kind: "mcp", upstream, method: "tools/call", name: action.tool }
    : { kind: "mcp", upstream, method: action.method, name: undefined };
}

interface BareAsked {
  readonly kind: "bare";
  readonly question: Question;
  readonly action: { readonly kind: "mcp"; readonly method: McpMethod };
}

function bare(method: string): BareAsked | undefined {
  if (method === "GET") {
    return {
      kind: "bare",
      question: { kind: "stream" },
      action: { kind: "mcp", method: "session/stream" },
    };
  }
  if (method !== "DELETE") return undefined;
  return {
    kind: "bare",
    question: { kind: "end" },
    action: { kind: "mcp", method: "session/end" },
  };
}

/** What upstreams answered was inspected when it came in. */
const UNSEEN: ResponseInspector = {
  head: () => ({ kind: "pass", scan: { kind: "none", reason: "not_asked" } }),
  chunk: (bytes) => ({ kind: "emit", chunks: [bytes] }),
  end: () => ({ kind: "emit", chunks: [] }),
  report: () => ({
    findings: [],
    scan: { kind: "none", reason: "not_asked" },
    usage: undefined,
    model: undefined,
  }),
};

class Housekeeping implements Interpretation {
  readonly action: McpAction;
  readonly scannable = { kind: "none" } as const;
  readonly metering = undefined;

  constructor(action: McpAction) {
    this.action = action;
  }

  source(): string {
    return "";
  }

  compose(): { readonly kind: "none" } {
    return { kind: "none" };
  }

  inspector(): ResponseInspector {
    return UNSEEN;
  }
}
