import { grantGone, grantStale } from "../../src/pipeline/review.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REFUSALS, type Refusal, type RefusalCode } from "../../src/core/refusal.ts";
import { id, millis, type ExchangeId, type ReviewId, type RuleId } from "../../src/core/units.ts";
import { renderRefusal } from "../../src/proxy/refusals/render-refusal.ts";
import type { StatusWire } from "../../src/proxy/refusals/refusal-status.ts";

const HEAD = { exchange: id<ExchangeId>("exc_01") };
const WIRES = ["openai", "anthropic", "gemini", "http"] as const;

/** Every code × wire, written out: agents act on exactly these numbers. */
const STATUSES: Record<RefusalCode, readonly [number, number, number, number]> = {
  // openai, anthropic, gemini, http
  unauthenticated: [401, 401, 401, 401],
  session_over: [401, 401, 401, 401],
  draining: [503, 503, 503, 503],
  agent_stopped: [400, 403, 403, 403],
  rate_limited: [429, 429, 429, 429],
  malformed: [400, 400, 400, 400],
  body_too_large: [413, 413, 413, 413],
  body_timeout: [400, 400, 400, 400],
  unknown_endpoint: [400, 403, 403, 403],
  request_blocked: [400, 403, 403, 403],
  definition_pending: [400, 403, 403, 403],
  definition_changed: [400, 403, 403, 403],
  policy_denied: [400, 403, 403, 403],
  session_scope: [400, 403, 403, 403],
  arguments_invalid: [400, 400, 400, 400],
  approval_required: [400, 403, 403, 403],
  upgrade_refused: [426, 426, 426, 426],
  budget_exceeded: [400, 402, 403, 402],
  price_unknown: [400, 403, 403, 403],
  budget_unavailable: [503, 503, 503, 503],
  limit_unavailable: [503, 503, 503, 503],
  ledger_unavailable: [503, 503, 503, 503],
  credential_unavailable: [503, 503, 503, 503],
  credential_forbidden: [400, 403, 403, 403],
  address_forbidden: [400, 403, 403, 403],
  upstream_unreachable: [502, 502, 502, 502],
  upstream_timeout: [504, 504, 504, 504],
  upstream_broken: [502, 502, 502, 502],
  response_blocked: [400, 403, 403, 403],
  result_invalid: [400, 403, 403, 403],
  response_unscannable: [400, 403, 403, 403],
  no_such_upstream: [404, 404, 404, 404],
  foreign_origin: [400, 403, 403, 403],
  tunnel_refused: [400, 403, 403, 403],
  too_many_tunnels: [503, 503, 503, 503],
  identity_unavailable: [503, 503, 503, 503],
  tunnel_unscannable: [400, 403, 403, 403],
  hello_refused: [400, 403, 403, 403],
  approval_denied: [400, 403, 403, 403],
  review_unavailable: [503, 503, 503, 503],
  internal: [500, 500, 500, 500],
};

/** `error.type`, `error.type`, `error.status` of the three providers. */
const WORDS: Record<RefusalCode, readonly [string, string, string]> = {
  unauthenticated: ["authentication_error", "authentication_error", "UNAUTHENTICATED"],
  session_over: ["authentication_error", "authentication_error", "UNAUTHENTICATED"],
  draining: ["server_error", "api_error", "UNAVAILABLE"],
  agent_stopped: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  rate_limited: ["rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED"],
  malformed: ["invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"],
  body_too_large: ["invalid_request_error", "request_too_large", "INVALID_ARGUMENT"],
  body_timeout: ["invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"],
  unknown_endpoint: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  request_blocked: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  definition_pending: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  definition_changed: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  policy_denied: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  session_scope: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  arguments_invalid: ["invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"],
  approval_required: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  upgrade_refused: ["invalid_request_error", "invalid_request_error", "FAILED_PRECONDITION"],
  budget_exceeded: ["invalid_request_error", "billing_error", "RESOURCE_EXHAUSTED"],
  price_unknown: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  budget_unavailable: ["server_error", "api_error", "UNAVAILABLE"],
  limit_unavailable: ["server_error", "api_error", "UNAVAILABLE"],
  ledger_unavailable: ["server_error", "api_error", "UNAVAILABLE"],
  credential_unavailable: ["server_error", "api_error", "UNAVAILABLE"],
  credential_forbidden: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  address_forbidden: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  upstream_unreachable: ["server_error", "api_error", "UNAVAILABLE"],
  upstream_timeout: ["server_error", "timeout_error", "DEADLINE_EXCEEDED"],
  upstream_broken: ["server_error", "api_error", "UNAVAILABLE"],
  response_blocked: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  result_invalid: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  response_unscannable: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  no_such_upstream: ["invalid_request_error", "not_found_error", "NOT_FOUND"],
  foreign_origin: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  tunnel_refused: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  too_many_tunnels: ["server_error", "api_error", "UNAVAILABLE"],
  identity_unavailable: ["server_error", "api_error", "UNAVAILABLE"],
  tunnel_unscannable: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  hello_refused: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  approval_denied: ["invalid_request_error", "permission_error", "PERMISSION_DENIED"],
  review_unavailable: ["server_error", "api_error", "UNAVAILABLE"],
  internal: ["server_error", "api_error", "INTERNAL"],
};

/** What clients read to decide on a retry. `undefined`: the header is absent. */
const RETRY: Record<RefusalCode, { readonly should?: "false"; readonly after?: "1" }> = {
  unauthenticated: { should: "false" },
  session_over: { should: "false" },
  draining: { after: "1" },
  agent_stopped: { should: "false" },
  rate_limited: { after: "1" },
  malformed: { should: "false" },
  body_too_large: { should: "false" },
  body_timeout: { should: "false" },
  unknown_endpoint: { should: "false" },
  request_blocked: { should: "false" },
  definition_pending: { should: "false" },
  definition_changed: { should: "false" },
  policy_denied: { should: "false" },
  session_scope: { should: "false" },
  arguments_invalid: { should: "false" },
  approval_required: { should: "false" },
  upgrade_refused: { should: "false" },
  budget_exceeded: { should: "false" },
  price_unknown: { should: "false" },
  budget_unavailable: { after: "1" },
  limit_unavailable: { after: "1" },
  ledger_unavailable: { after: "1" },
  credential_unavailable: { after: "1" },
  credential_forbidden: { should: "false" },
  address_forbidden: { should: "false" },
  upstream_unreachable: {},
  upstream_timeout: {},
  upstream_broken: {},
  response_blocked: { should: "false" },
  result_invalid: { should: "false" },
  response_unscannable: { should: "false" },
  no_such_upstream: { should: "false" },
  foreign_origin: { should: "false" },
  tunnel_refused: { should: "false" },
  too_many_tunnels: { after: "1" },
  identity_unavailable: { after: "1" },
  tunnel_unscannable: { should: "false" },
  hello_refused: { should: "false" },
  approval_denied: { should: "false" },
  review_unavailable: { after: "1" },
  internal: { should: "false" },
};

const CODES = Object.keys(REFUSALS) as RefusalCode[];
const MATRIX = CODES.flatMap((code) => WIRES.map((wire, column) => ({ code, wire, column })));

function render(wire: StatusWire, refusal: Refusal) {
  const reply = renderRefusal(wire, refusal, HEAD);
  return { ...reply, json: JSON.parse(reply.body) };
}

describe("a refusal on the wire", () => {
  it.each(MATRIX)("$code on $wire has its pinned status, words and headers", (pin) => {
    const { code, wire, column } = pin;
    const reply = render(wire, { code, detail: "Because." });
    expect(reply.status).toBe(STATUSES[code][column]);
    expect(reply.json).toMatchObject({ status: reply.status, code, request_id: "exc_01" });
    expect(reply.headers["x-should-retry"]).toBe(RETRY[code].should);
    expect(reply.headers["retry-after"]).toBe(RETRY[code].after);
    expect(reply.headers["x-request-id"]).toBe("exc_01");
    expect(reply.headers["x-sallyport-decision"]).toBe(code);
    switch (wire) {
      case "openai":
        expect(reply.json.error).toMatchObject({ type: WORDS[code][0], code, param: null });
        break;
      case "anthropic":
        expect(reply.json).toMatchObject({ type: "error", error: { type: WORDS[code][1] } });
        expect(reply.headers["request-id"]).toBe("exc_01");
        break;
      case "gemini":
        expect(reply.json.error).toMatchObject({ code: reply.status, status: WORDS[code][2] });
        break;
      case "http":
        expect(reply.json.error).toBeUndefined();
    }
  });

  it.each(MATRIX)(
    "$code on $wire never takes a status that makes clients retry or log in",
    (pin) => {
      const { status } = render(pin.wire, { code: pin.code, detail: "Because." });
      expect([408, 409, 422, 425]).not.toContain(status);
      if (pin.code !== "no_such_upstream") expect(status).not.toBe(404);
      if (REFUSALS[pin.code].class !== "unauthenticated") expect(status).not.toBe(401);
    },
  );

  const denied: Refusal = {
    code: "policy_denied",
    detail: "The model gpt-5 is not allowed.",
    remedy: "Use gpt-5-mini.",
    rules: [id<RuleId>("models"), id<RuleId>("b")],
    cause: new Error("secret stack"),
  };
  const message =
    "Sallyport refused this (policy_denied): The model gpt-5 is not allowed. Use gpt-5-mini. " +
    "Policy: models, b. Do not retry: the same call will be refused again.";
  const beside = {
    detail: "The model gpt-5 is not allowed.",
    code: "policy_denied",
    remedy: "Use gpt-5-mini.",
    rules: ["models", "b"],
    request_id: "exc_01",
  };

  it("is OpenAI's error with the RFC 9457 members beside it", () => {
    expect(render("openai", denied)).toMatchObject({
      headers: {
        "content-type": "application/json",
        "x-request-id": "exc_01",
        "x-sallyport-decision": "policy_denied",
        "x-sallyport-rule": "models, b",
        "x-should-retry": "false",
      },
    });
    expect(render("openai", denied).json).toEqual({
      type: "urn:problem-type:sallyport:policy_denied",
      error: { message, type: "invalid_request_error", param: null, code: "policy_denied" },
      title: "Refused",
      status: 400,
      ...beside,
    });
  });

  it("is Anthropic's error with the RFC 9457 members beside it", () => {
    expect(render("anthropic", denied).json).toEqual({
      type: "error",
      error: { type: "permission_error", message, code: "policy_denied" },
      title: "Not allowed",
      status: 403,
      ...beside,
    });
  });

  it("is Google's error with an integer code and the RFC 9457 members beside it", () => {
    expect(render("gemini", denied).json).toEqual({
      type: "urn:problem-type:sallyport:policy_denied",
      error: { code: 403, message, status: "PERMISSION_DENIED" },
      title: "Not allowed",
      status: 403,
      ...beside,
    });
  });

  it("is a problem document on plain HTTP", () => {
    const reply = render("http", denied);
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    expect(reply.json).toEqual({
      type: "urn:problem-type:sallyport:policy_denied",
      title: "Not allowed",
      status: 403,
      ...beside,
      detail: message,
    });
  });

  it("never carries the cause", () => {
    for (const wire of WIRES) {
      expect(JSON.stringify(renderRefusal(wire, denied, HEAD))).not.toContain("secret stack");
    }
  });

  it("names the review and says to wait for a person", () => {
    const review = id<ReviewId>("rev_7");
    const { json } = render("http", {
      code: "approval_required",
      detail: "Needs a person.",
      review,
    });
    expect(json).toMatchObject({
      review: "rev_7",
      detail:
        "Sallyport refused this (approval_required): Needs a person. " +
        "Do not retry until a person has approved it (review rev_7).",
    });
  });

  it.each([grantGone, grantStale])(
    "asks for the same call again where a review is over",
    (over) => {
      const { json } = render("http", over(id<ReviewId>("rev_7")));
      expect(json["detail"]).toMatch(/Make the same call again: .+\.$/);
      expect(json["detail"]).not.toContain("Do not retry");
    },
  );

  it("asks for 1 to 60 whole seconds of patience, whatever the limit says", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (retryIn) => {
        const refusal: Refusal = { code: "rate_limited", detail: "-", retryIn: millis(retryIn) };
        const after = Number(renderRefusal("anthropic", refusal, HEAD).headers["retry-after"]);
        expect(after).toBe(Math.min(60, Math.max(1, Math.ceil(retryIn / 1000))));
      }),
    );
  });

  it("says the whole wait to whoever reads, who would else ask in vain once a minute", () => {
    const hour = { code: "rate_limited", detail: "-", retryIn: millis(3_600_000) } as const;
    const { headers, body } = renderRefusal("http", hour, HEAD);
    expect(headers["retry-after"]).toBe("60");
    expect(body).toContain("Try again in 3600 s.");
  });

  it("keeps a rule id from breaking out of its header", () => {
    const rules = [id<RuleId>("a\r\nset-cookie: x"), id<RuleId>("ключ")];
    const { headers } = renderRefusal("http", { code: "policy_denied", detail: "-", rules }, HEAD);
    expect(headers["x-sallyport-rule"]).toBe("a??set-cookie: x, ????");
  });
});
