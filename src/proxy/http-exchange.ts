/**
 * One request on the data plane's socket: hands the pipeline an `Ask`, serves as its `Door`. What
 * kind of wire it speaks is the `WireExchange`'s business.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { standsOpen } from "../core/action-classes.ts";
import type { Facts } from "../core/evidence.ts";
import { formatUsd } from "../core/money/usd.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Vault } from "../core/secret/vault.ts";
import type { ExchangeId, Instant, Millis } from "../core/units.ts";
import type { Upstream } from "../core/upstream.ts";
import { halt, type Verdict } from "../core/verdict.ts";
import type { Authorized } from "../operations/authorize.ts";
import type { Door } from "../operations/govern.ts";
import type {
  Ask,
  InspectionReport,
  InterpretContext,
  Interpretation,
  Presented,
  Surroundings,
} from "../pipeline/ask.ts";
import type { Hold } from "../pipeline/review.ts";
import type { ClientReply } from "./client-reply.ts";
import type { DataPlaneLimits } from "./data-plane-limits.ts";
import { ReviewHold } from "./hold/review-hold.ts";
import { forwardHttp, type Shutdown, type Dispatch } from "./forward-http.ts";
import { rateLimitFields } from "./refusals/rate-limit-fields.ts";
import type { Reply } from "./reply.ts";
import { readBody } from "./request-body.ts";
import type { UpstreamPools } from "./upstream-pools.ts";
import { budgetFields } from "./refusals/budget-fields.ts";
import type { RequestHead, WireExchange, WireReply } from "./wire.ts";

/** What every exchange of one data plane shares. */
export interface ExchangeTools {
  readonly pools: UpstreamPools;
  readonly vault: Vault;
  readonly limits: DataPlaneLimits;
  readonly standing: StandingStreams;
  readonly shutdown: Shutdown;
  /** How long a call may wait for a person where no rule says otherwise. */
  readonly holdMax: Millis;
}

/** Open streams that never end by themselves; a shutdown ends them first. */
export type StandingStreams = Set<{ destroy(): void }>;

export interface ExchangeParts {
  readonly head: RequestHead;
  readonly wire: WireExchange;
  readonly request: IncomingMessage;
  readonly reply: ClientReply;
  /** Flat `name, value, …` fit to be forwarded. */
  readonly headers: readonly string[];
  readonly presented: Presented;
  readonly at: Instant;
  /** Sends `100 Continue` to a client that waits for it (RFC 9110 §10.1.1). */
  readonly invite: (() => void) | undefined;
}

export class HttpExchange implements Ask, Door {
  readonly exchange: ExchangeId;
  readonly at: Instant;
  readonly upstream: Upstream;
  readonly method: string;
  readonly path: string;
  readonly presented: Presented;
  readonly trace: string | undefined;
  readonly surroundings: Surroundings;
  readonly #parts: ExchangeParts;
  readonly #tools: ExchangeTools;
  #hold: ReviewHold | undefined;

  constructor(parts: ExchangeParts, tools: ExchangeTools) {
    const { head } = parts;
    this.exchange = head.exchange;
    this.at = parts.at;
    this.upstream = head.upstream;
    this.method = head.method;
    this.path = head.path;
    this.presented = parts.presented;
    const { traceparent } = head.headers;
    this.trace = typeof traceparent === "string" ? traceparent : undefined;
    const { target, address = target } = parts.wire;
    this.surroundings = { url: address, headers: parts.headers };
    this.#parts = parts;
    this.#tools = tools;
  }

  async interpret(context: InterpretContext): Promise<Verdict<Interpretation>> {
    const { head, wire, request, invite } = this.#parts;
    if (!head.hasBody || !this.#mustRead(context)) return wire.interpret(undefined, context);
    invite?.();
    const { requestBytesMax } = head.upstream;
    const reading = await readBody(request, requestBytesMax, this.#tools.limits.body);
    switch (reading.kind) {
      case "ok":
        return wire.interpret(reading.bytes, context);
      case "too_large":
        return this.#tooLarge();
      case "too_slow":
        return halt({ code: "body_timeout", detail: "The request body came too slowly." });
      case "gone":
        return halt({ code: "malformed", detail: "The request body broke off." });
    }
  }

  hold(): Hold {
    const { wire, reply } = this.#parts;
    return (this.#hold = new ReviewHold(wire, reply, this.#tools, this.presented));
  }

  async forward(authorized: Authorized, facts: Facts): Promise<InspectionReport | undefined> {
    const { head, wire, headers, request } = this.#parts;
    const { reply: client } = this.#hold ?? this.#parts;
    const receiving = wire.receive?.(client);
    const reply = receiving === undefined ? client : await receiving;
    const { pools, vault, standing, shutdown } = this.#tools;
    if (authorized.body.kind === "stream") this.#receiveUpload();
    const refuser = this.#hold ?? wire;
    const refuse = (refusal: Refusal): WireReply => refuser.refuse(refusal);
    const { target = wire.target } = authorized.interpretation;
    const { reserved } = authorized;
    const tellCost = costTeller(authorized, reply);
    const dispatch = { head, target, headers, request, reply, facts, shutdown, tellCost, refuse };
    const limits = rateLimitFields(reserved.standings);
    if (limits !== undefined) reply.adorn(Object.entries(limits).flat());
    const money = budgetFields(reserved.budgets, facts.adjustment);
    if (money.length > 0) reply.adorn(money);
    const stands = standsOpen(facts.action);
    if (stands) standing.add(reply);
    const { socket } = request;
    const { outcome, report } = await forwardHttp(authorized, dispatch, pools, vault);
    if (authorized.body.kind === "stream" && !request.readableEnded) endBehind(request, socket);
    if (stands) standing.delete(reply);
    facts.outcome = outcome;
    return report;
  }

  refuse(refusal: Refusal): void {
    const { request, wire } = this.#parts;
    const { reply } = this.#hold ?? this.#parts;
    if (reply.gone) return;
    if (reply.headSent) return reply.destroy();
    // An unread body would be taken for the next request, so the connection ends with the answer.
    reply.refuse((this.#hold ?? wire).refuse(refusal), !request.complete);
  }

  #mustRead({ snapshot, principal, inspections }: InterpretContext): boolean {
    const { bodyNeed } = this.#parts.wire;
    if (bodyNeed !== "if_policy_reads_it") return bodyNeed === "whole";
    return (
      inspections.request.rules.length > 0 || snapshot.readsHttpBody(principal, this.upstream.name)
    );
  }

  #tooLarge(): Verdict<Interpretation> {
    const { requestBytesMax } = this.upstream;
    return halt({
      code: "body_too_large",
      detail: `The request body is larger than the ${requestBytesMax} bytes that can be judged.`,
      remedy: "Send less at once, or let an operator raise request_bytes_max of this upstream.",
    });
  }

  /** What is not read to be judged is asked for once it may pass. */
  #receiveUpload(): void {
    const { request, invite } = this.#parts;
    invite?.();
    if (request.complete) return;
    const { idle } = this.#tools.limits.body;
    request.setTimeout(idle, () => request.destroy());
    request.once("end", () => request.setTimeout(0));
  }
}

/**
 * For an upload that was answered before its end: the rest is read and dropped, or no request behind
 * it would be found. One that undici has given up is destroyed without its socket, and cannot be read:
 * its connection ends, not before the next turn, until which Node holds the answer's last bytes.
 */
function endBehind(request: IncomingMessage, socket: Socket): void {
  const end = (): void => {
    if (!request.readableEnded) setImmediate(() => socket.destroySoon());
  };
  if (request.destroyed) return end();
  request.once("close", end);
  request.resume();
}

function costTeller({ costOf }: Authorized, reply: Reply): Dispatch["tellCost"] {
  if (costOf === undefined) return undefined;
  return (status, report) => {
    const cost = costOf(status, report);
    if (cost !== undefined) reply.adorn(["x-sallyport-cost", formatUsd(cost)]);
  };
}
