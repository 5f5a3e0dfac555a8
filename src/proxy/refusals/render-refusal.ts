/**
 * Refusals in the words of each wire: the provider's own error shape, so that SDKs show the
 * message, with the members of RFC 9457 beside it, so that programs can read it.
 */
import type { JsonObject } from "../../core/json.ts";
import { REFUSALS, type Refusal, type RefusalCode } from "../../core/refusal.ts";
import type { ExchangeId } from "../../core/units.ts";
import { impossible } from "../../lib/impossible.ts";
import type { WireReply } from "../wire.ts";
import { rateLimitFields } from "./rate-limit-fields.ts";
import { refusalMessage } from "./refusal-message.ts";
import { refusalStatus, type RefusalStatus, type StatusWire } from "./refusal-status.ts";
import { retrySeconds } from "./retry-seconds.ts";

/** `head` is the request's, or whatever else knows the exchange. */
export function renderRefusal(
  wire: StatusWire,
  refusal: Refusal,
  head: { readonly exchange: ExchangeId },
): WireReply {
  const status = refusalStatus(wire, refusal);
  const headers = headersOf(wire, refusal, head.exchange);
  return { status, headers, body: JSON.stringify(bodyOf(wire, status, refusal, head.exchange)) };
}

/** Of a call that is taken and waits for a person: the same words under 202. */
export function renderAccepted(
  refusal: Refusal,
  { exchange }: { readonly exchange: ExchangeId },
): WireReply {
  const denial = bodyOf("http", refusalStatus("http", refusal), refusal, exchange);
  const body = { ...denial, title: "Accepted", status: ACCEPTED };
  const headers = headersOf("http", refusal, exchange);
  return { status: ACCEPTED, headers, body: JSON.stringify(body) };
}

const ACCEPTED = 202;

/** The provider's `error` member, shared by refusals and terminal stream events. */
export function wireError(wire: StatusWire, status: RefusalStatus, refusal: Refusal): JsonObject {
  const message = refusalMessage(refusal);
  switch (wire) {
    case "openai":
      return { message, type: OPENAI_TYPE[status], param: null, code: refusal.code };
    case "anthropic":
      return { type: ANTHROPIC_TYPE[status], message, code: refusal.code };
    case "gemini":
      // An integer `code`: the AI SDK shows nothing but "Forbidden" for a string.
      return { code: status, message, status: geminiStatus(status, refusal.code) };
    case "bedrock":
    case "http":
      return { code: refusal.code, message };
    default:
      return impossible(wire);
  }
}

function bodyOf(
  wire: StatusWire,
  status: RefusalStatus,
  refusal: Refusal,
  exchange: ExchangeId,
): JsonObject {
  const { code, detail, remedy, rules, review } = refusal;
  const shape: Record<string, JsonObject | string> =
    wire === "anthropic" ? { type: "error" } : { type: `urn:problem-type:sallyport:${code}` };
  // AWS has its error's name in a header and nothing but the message in the body.
  if (wire === "bedrock") shape["message"] = refusalMessage(refusal);
  else if (wire !== "http") shape["error"] = wireError(wire, status, refusal);
  return {
    ...shape,
    title: TITLE[status],
    status,
    detail: wire === "http" ? refusalMessage(refusal) : detail,
    code,
    ...(remedy !== undefined && { remedy }),
    ...(rules !== undefined && rules.length > 0 && { rules }),
    ...(review !== undefined && { review }),
    request_id: exchange,
  };
}

function headersOf(
  wire: StatusWire,
  refusal: Refusal,
  exchange: ExchangeId,
): Readonly<Record<string, string>> {
  const { code, rules, standings } = refusal;
  const headers: Record<string, string> = {
    "content-type": wire === "http" ? "application/problem+json" : "application/json",
    "x-request-id": exchange,
    "x-sallyport-decision": code,
    ...(standings !== undefined && rateLimitFields(standings)),
  };
  if (wire === "anthropic") headers["request-id"] = exchange;
  if (wire === "bedrock") {
    headers["x-amzn-requestid"] = exchange;
    headers["x-amzn-errortype"] = bedrockError(refusal);
  }
  if (rules !== undefined && rules.length > 0) headers["x-sallyport-rule"] = headerText(rules);
  const kind = REFUSALS[code].class;
  if (kind === "unauthenticated") {
    // Clients of a proxy show it nothing until they are asked (RFC 9110 §11.7.1), mostly by Basic.
    if (refusal.status === 407) headers["proxy-authenticate"] = 'Basic realm="sallyport"';
    else headers["www-authenticate"] = 'Bearer realm="sallyport"';
  }
  if (kind === "rate" || kind === "unavailable") {
    headers["retry-after"] = String(retrySeconds(refusal));
  } else if (kind !== "upstream") {
    // A failure of the upstream is no refusal: the client retries it as it would without us.
    headers["x-should-retry"] = "false";
  }
  return headers;
}

/** @see https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html */
function bedrockError({ code }: Refusal): string {
  const kind = REFUSALS[code].class;
  switch (kind) {
    case "unauthenticated":
    case "policy":
      return "AccessDeniedException";
    case "budget":
      return "ServiceQuotaExceededException";
    case "rate":
      return "ThrottlingException";
    case "unavailable":
      return "ServiceUnavailableException";
    case "upstream":
      return "ModelErrorException";
    case "internal":
      return "InternalServerException";
    case "not_found":
      return "ResourceNotFoundException";
    case "malformed":
    case "too_large":
    case "upgrade":
      return "ValidationException";
    default:
      return impossible(kind);
  }
}

/** Rule ids come from files: what no header may hold becomes a question mark. */
function headerText(rules: readonly string[]): string {
  return rules.join(", ").replaceAll(/[^\x20-\x7e]/g, "?");
}

const TITLE = {
  400: "Refused",
  401: "Not authenticated",
  402: "Budget used up",
  403: "Not allowed",
  404: "Not found",
  407: "Not authenticated",
  413: "Too large",
  426: "Upgrade not allowed",
  429: "Too many requests",
  500: "Internal fault",
  502: "Upstream failed",
  503: "Cannot be checked now",
  504: "Upstream too slow",
} as const satisfies Record<RefusalStatus, string>;

const OPENAI_TYPE = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "invalid_request_error",
  403: "invalid_request_error",
  404: "invalid_request_error",
  407: "authentication_error",
  413: "invalid_request_error",
  426: "invalid_request_error",
  429: "rate_limit_error",
  500: "server_error",
  502: "server_error",
  503: "server_error",
  504: "server_error",
} as const satisfies Record<RefusalStatus, string>;

/** @see https://docs.anthropic.com/en/api/errors */
const ANTHROPIC_TYPE = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  407: "authentication_error",
  413: "request_too_large",
  426: "invalid_request_error",
  429: "rate_limit_error",
  500: "api_error",
  502: "api_error",
  503: "api_error",
  504: "timeout_error",
} as const satisfies Record<RefusalStatus, string>;

/** @see https://cloud.google.com/apis/design/errors */
const GEMINI_STATUS = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  402: "RESOURCE_EXHAUSTED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  407: "UNAUTHENTICATED",
  413: "INVALID_ARGUMENT",
  426: "FAILED_PRECONDITION",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
} as const satisfies Record<RefusalStatus, string>;

function geminiStatus(status: RefusalStatus, code: RefusalCode): string {
  return REFUSALS[code].class === "budget" ? "RESOURCE_EXHAUSTED" : GEMINI_STATUS[status];
}
