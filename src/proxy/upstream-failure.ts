import type { Refusal } from "../core/refusal.ts";
import { systemCodeOf } from "../lib/caught.ts";

const TIMEOUTS = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
  "ERR_TOTAL_TIMEOUT",
]);

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EPIPE",
  // Our own: this process, or this machine, has no file left for a socket.
  "EMFILE",
  "ENFILE",
]);

/** Node's names for what is wrong with a certificate: all those that OpenSSL tells of. */
const UNTRUSTED =
  /^(?:CERT_|ERR_TLS_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY|DECRYPT|DECODE)_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED)/;
/** The other side speaks no TLS, or none of ours. */
const NO_TLS = /^(?:ERR_SSL_|EPROTO$)/;

/** What undici gives up for, by its code or, where it has one code for all, its message. */
const BREACHES: ReadonlyMap<string, string> = new Map([
  // RFC 9110 §15.2 has clients pass over what they did not ask for; undici cannot.
  ["bad response", "answered with 100 Continue, which nobody asked it for"],
  ["bad upgrade", "switched to a protocol that nobody asked it for"],
  ["UND_ERR_HEADERS_OVERFLOW", "answered with a head that is too large"],
  ["ERR_UNREADABLE_ANSWER", "answered with what cannot be read as an MCP message"],
]);

/** Of zlib, zstd and brotli. */
const NOT_DECODED = /^(?:Z_|ZSTD_|ERR__ERROR_)/;

/** What an undici or connector error means to the agent. The error itself goes to the log. */
export function refusalOfFailure(error: Error, upstream: string): Refusal {
  const code = systemCodeOf(error) ?? "";
  if (code === "ERR_ADDRESS_FORBIDDEN") {
    return {
      code: "address_forbidden",
      detail: `The upstream ${upstream} resolves to an address that agents may not reach.`,
      remedy: "An operator can list it with allow_private in the configuration.",
      cause: error,
    };
  }
  if (error instanceof ServerDown) {
    const detail = `The MCP server ${upstream} is not there: ${error.message}.`;
    return { code: "upstream_unreachable", detail, cause: error };
  }
  if (error instanceof TasksUnavailable) {
    return {
      code: "limit_unavailable",
      detail: "The store of tasks does not answer.",
      remedy: "Ask for the task again later: what it came to is kept.",
      cause: error,
    };
  }
  if (TIMEOUTS.has(code)) {
    return {
      code: "upstream_timeout",
      detail: `The upstream ${upstream} took too long.`,
      cause: error,
    };
  }
  if (UNTRUSTED.test(code)) {
    return {
      code: "upstream_unreachable",
      detail: `The upstream ${upstream} cannot prove who it is (${code}); nothing was sent.`,
      remedy: "An operator can have its certificate renewed, or name its authority with ca_file.",
      cause: error,
    };
  }
  if (UNREACHABLE.has(code) || NO_TLS.test(code)) {
    return {
      code: "upstream_unreachable",
      detail: `The upstream ${upstream} cannot be reached (${code}).`,
      cause: error,
    };
  }
  return {
    code: "upstream_broken",
    detail: `The upstream ${upstream} ${breach(error)}.`,
    cause: error,
  };
}

function breach(error: Error): string {
  if (error.name === "HTTPParserError") return "sent something that is not HTTP/1.1";
  const code = systemCodeOf(error) ?? "";
  if (NOT_DECODED.test(code)) return "sent a body that is not in the encoding it names";
  return BREACHES.get(code) ?? BREACHES.get(error.message) ?? "broke off";
}

/** An answer that policy wants inspected and nobody can read. */
export function withheldUnscanned(reason: string): Refusal {
  return {
    code: "response_unscannable",
    detail: `The answer cannot be inspected (${reason.replace("_", " ")}), so it is withheld.`,
    remedy: "Ask for a smaller or plain answer, or let an operator allow unscannable answers.",
  };
}

/** Where the time to drain was not enough for an answer. */
export const CUT_BY_DRAIN: Refusal = {
  code: "draining",
  detail: "This gateway is shutting down and could not wait for the end of the answer.",
  remedy: "Find out whether the request took effect before you send it again.",
};

/** The gate keeps this task itself and cannot read it now: its upstream has no part in that. */
export class TasksUnavailable extends Error {
  constructor(cause: unknown) {
    super("the store of tasks does not answer", { cause });
  }
}

/** A server of our own starting that does not run. The message is ours, one clause for the agent. */
export class ServerDown extends Error {
  readonly code = "ERR_SERVER_DOWN";
}

/** Raised by the exchange's own clock, beside undici's. */
export class TotalTimeout extends Error {
  readonly code = "ERR_TOTAL_TIMEOUT";
  override readonly message = "the exchange took longer than its upstream's total_ms";
}

/** The agent is gone: nobody is left to tell. */
export class ClientGone extends Error {
  readonly code = "ERR_CLIENT_GONE";
}
