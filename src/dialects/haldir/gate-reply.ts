/** A refusal of the data plane as this API's callers are told of it. */
import type { FastifyReply } from "fastify";
import { isRefusalCode, REFUSALS } from "../../core/refusal.ts";
import type { GateRefusal } from "../dialect-core.ts";
import { fail } from "./wording.ts";

/** What a refusal means here; `denied` is for each route to put in its own shape. */
export type RefusalMeaning =
  | "denied"
  | "approval_required"
  | "unauthenticated"
  | "invalid"
  | "unavailable"
  | "upstream";

export function meaningOf({ code }: GateRefusal): RefusalMeaning {
  if (!isRefusalCode(code)) return "upstream";
  if (code === "approval_required") return "approval_required";
  switch (REFUSALS[code].class) {
    case "policy":
    case "budget":
    case "rate":
      return "denied";
    case "unauthenticated":
      return "unauthenticated";
    case "malformed":
    case "too_large":
    case "not_found":
    case "upgrade":
      return "invalid";
    case "upstream":
      return "upstream";
    case "unavailable":
    case "internal":
      return "unavailable";
  }
}

/** For everything that is no denial and no question. */
export function failAs(
  reply: FastifyReply,
  meaning: "unauthenticated" | "invalid" | "unavailable",
  { detail, retryAfter }: GateRefusal,
): FastifyReply {
  const wait = retryAfter === undefined ? {} : { retryAfter };
  return fail(reply, { code: meaning, detail, ...wait }, reply.request);
}

/** Whoever may try again is told when. */
export function tellWait(reply: FastifyReply, { retryAfter }: GateRefusal): void {
  if (retryAfter !== undefined) void reply.header("retry-after", String(retryAfter));
}
