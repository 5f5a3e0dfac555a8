import type { Problem } from "./problem.ts";

/**
 * What a management operation says when it does not do what was asked. Doors render it in their own
 * words: problem+json on the native API, a dialect's error body elsewhere.
 */
export const FAULTS = {
  invalid: { status: 400, title: "Bad Request" },
  unauthenticated: { status: 401, title: "Unauthorized" },
  forbidden: { status: 403, title: "Forbidden" },
  not_found: { status: 404, title: "Not Found" },
  conflict: { status: 409, title: "Conflict" },
  gone: { status: 410, title: "Gone" },
  changed_meanwhile: { status: 412, title: "Precondition Failed" },
  idempotency_mismatch: { status: 422, title: "Unprocessable Content" },
  locked: { status: 423, title: "Locked" },
  precondition_missing: { status: 428, title: "Precondition Required" },
  too_many: { status: 429, title: "Too Many Requests" },
  unavailable: { status: 503, title: "Service Unavailable" },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type FaultCode = keyof typeof FAULTS;

export interface Fault {
  readonly code: FaultCode;
  /** One or two sentences for the caller. Never a secret. */
  readonly detail: string;
  /** JSON Pointer (RFC 6901) to the part of the request that is wrong. */
  readonly pointer?: string;
  /** Where what was sent is a text that has lines of its own. */
  readonly problems?: readonly Problem[];
  /** Seconds until the same request may pass. */
  readonly retryAfter?: number;
  /** For the log only. */
  readonly cause?: Error;
}

export type Answer<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "fault"; readonly fault: Fault };

export function done<T>(value: T): Answer<T> {
  return { kind: "done", value };
}

export function fault(
  code: FaultCode,
  detail: string,
  more: Omit<Fault, "code" | "detail"> = {},
): Answer<never> {
  return { kind: "fault", fault: { code, detail, ...more } };
}
