import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";

/** For the schema of a route that asks for it. */
export const IF_MATCH = Type.Object({
  "if-match": Type.Optional(Type.String({ description: "The ETag that was read, or `*`." })),
});

export function etagOf({ revision }: { readonly revision: number }): string {
  return `"${revision}"`;
}

/** What the caller holds already is not sent again (RFC 9110 §13.1.2). */
export async function sparingly<T>(
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  payload: T,
): Promise<T | null> {
  const held = headers["if-none-match"];
  const tag = reply.getHeader("etag");
  if (method !== "GET" || reply.statusCode !== 200 || held === undefined) return payload;
  if (typeof tag !== "string" || !holds(held, tag)) return payload;
  void reply.code(304).removeHeader("content-type").removeHeader("content-length");
  return null;
}

/** Compared weakly: a proxy between may have made a weak tag of ours. */
function holds(list: string, tag: string): boolean {
  if (list.trim() === "*") return true;
  return list.split(",").some((one) => one.trim().replace(/^W\//u, "") === tag);
}

/** The same where it may be left out; "any" without it. */
export function ifMatchWhereSent(request: FastifyRequest): Answer<number | "any"> {
  return request.headers["if-match"] === undefined ? done("any") : ifMatch(request);
}

/** The revision that `If-Match` names; who edits what others edit too must send one. */
export function ifMatch(request: FastifyRequest): Answer<number | "any"> {
  const header = request.headers["if-match"];
  if (header === undefined) {
    return fault("precondition_missing", "Send If-Match with the ETag that you read, or `*`.");
  }
  if (header === "*") return done("any");
  const revision = /^"(\d{1,15})"$/.exec(header)?.[1];
  return revision === undefined
    ? fault("changed_meanwhile", "If-Match is not an ETag of ours.")
    : done(Number(revision));
}
