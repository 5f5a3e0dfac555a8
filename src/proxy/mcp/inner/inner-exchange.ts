/**
 * One request to one member, made on behalf of an agent that asked the federation: an exchange like
 * any other, judged, charged and recorded under the member's name.
 */
import { Buffer } from "node:buffer";
import type { Facts } from "../../../core/evidence.ts";
import { standsOpen } from "../../../core/action-classes.ts";
import type { Refusal } from "../../../core/refusal.ts";
import type { ExchangeId, Instant } from "../../../core/units.ts";
import type { Upstream } from "../../../core/upstream.ts";
import type { Verdict } from "../../../core/verdict.ts";
import type { Authorized } from "../../../operations/authorize.ts";
import type { Door } from "../../../operations/govern.ts";
import type {
  Ask,
  InspectionReport,
  InterpretContext,
  Interpretation,
  Presented,
  Surroundings,
} from "../../../pipeline/ask.ts";
import { ReviewHold } from "../../hold/review-hold.ts";
import { forwardHttp } from "../../forward-http.ts";
import type { Hold } from "../../../pipeline/review.ts";
import type { ExchangeTools } from "../../http-exchange.ts";
import type { RequestHead, WireExchange, WireReply } from "../../wire.ts";
import type { InnerReply } from "./inner-reply.ts";

export interface InnerParts {
  readonly head: RequestHead;
  readonly wire: WireExchange;
  readonly text: string | undefined;
  /** Flat `name, value, …`. */
  readonly headers: readonly string[];
  readonly presented: Presented;
  readonly at: Instant;
  readonly reply: InnerReply;
}

export class InnerExchange implements Ask, Door {
  readonly exchange: ExchangeId;
  readonly at: Instant;
  readonly upstream: Upstream;
  readonly method: string;
  readonly path = "/";
  readonly presented: Presented;
  readonly trace: string | undefined;
  readonly surroundings: Surroundings;
  readonly #parts: InnerParts;
  readonly #tools: ExchangeTools;
  #hold: ReviewHold | undefined;

  constructor(parts: InnerParts, tools: ExchangeTools) {
    const { head, headers, wire, presented, at } = parts;
    this.exchange = head.exchange;
    this.at = at;
    this.upstream = head.upstream;
    this.method = head.method;
    this.presented = presented;
    const { traceparent } = head.headers;
    this.trace = typeof traceparent === "string" ? traceparent : undefined;
    this.surroundings = { url: wire.target, headers };
    this.#parts = parts;
    this.#tools = tools;
  }

  interpret(context: InterpretContext): Promise<Verdict<Interpretation>> {
    const { wire, text } = this.#parts;
    const body = text === undefined ? undefined : Buffer.from(text);
    return Promise.resolve(wire.interpret(body, context));
  }

  hold(): Hold {
    const { wire, reply } = this.#parts;
    return (this.#hold = new ReviewHold(wire, reply, this.#tools, this.presented));
  }

  async forward(authorized: Authorized, facts: Facts): Promise<InspectionReport | undefined> {
    const { head, wire, headers } = this.#parts;
    const { reply: asking } = this.#hold ?? this.#parts;
    const receiving = wire.receive?.(asking);
    const reply = receiving === undefined ? asking : await receiving;
    const { pools, vault, standing, shutdown } = this.#tools;
    const refuser = this.#hold ?? wire;
    const refuse = (refusal: Refusal): WireReply => refuser.refuse(refusal);
    const { target } = wire;
    const unused = { request: undefined, tellCost: undefined };
    const dispatch = { ...unused, head, target, headers, reply, facts, shutdown, refuse };
    const stands = standsOpen(facts.action);
    if (stands) standing.add(reply);
    const { outcome, report } = await forwardHttp(authorized, dispatch, pools, vault);
    if (stands) standing.delete(reply);
    facts.outcome = outcome;
    return report;
  }

  refuse(refusal: Refusal): void {
    const { reply } = this.#hold ?? this.#parts;
    if (reply.gone) return;
    if (reply.headSent) reply.destroy();
    else reply.refuse((this.#hold ?? this.#parts.wire).refuse(refusal), false);
  }
}
