/**
 * The same `Idempotency-Key` with the same request gives the first answer again. Answers may show a
 * new key once, so they are stored sealed under the caller's own credential, which nobody stores.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 */
import { hkdfSync } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Fault } from "../../core/fault.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { ReplyRecord } from "../../core/identity/directory-entry.ts";
import { instant } from "../../core/units.ts";
import { digestOf, sha256Hex } from "../../lib/canonical-json.ts";
import { seal, unseal } from "../../lib/seal.ts";
import type { Api } from "./api.ts";
import { credentialOf } from "./authentication.ts";
import { sendFault } from "./problem.ts";

const KEPT_MS = 86_400_000;
const SEALED_FOR = Buffer.from("idempotency");

const MISMATCH: Fault = {
  code: "idempotency_mismatch",
  detail: "This Idempotency-Key came with another request before: use a new one.",
};
const RUNNING: Fault = {
  code: "conflict",
  detail: "The first request with this Idempotency-Key is still being answered.",
  retryAfter: 1,
};

export function honourIdempotencyKeys(api: Api, { store, now }: IdentityPorts): void {
  const begun = new WeakMap<
    FastifyRequest,
    { readonly id: string; readonly record: ReplyRecord }
  >();

  api.addHook("preHandler", async (request, reply) => {
    const key = request.headers["idempotency-key"];
    if (request.routeOptions.config.idempotent !== true || typeof key !== "string")
      return undefined;
    const { caller, body } = request;
    const id = sha256Hex(`${caller.tenant}\n${caller.id}\n${request.routeOptions.url}\n${key}`);
    const asked = digestOf({ url: request.url, body: body ?? null });
    const first = await store.get("reply", id);
    if (first !== undefined && first.body.expiresAt > now()) {
      return replay(first.body, asked, request, reply);
    }
    const expiresAt = instant(now() + KEPT_MS);
    const record: ReplyRecord = { request: asked, status: undefined, body: undefined, expiresAt };
    const claim = await store.write({
      kind: "put",
      expect: first === undefined ? "absent" : first.revision,
      entry: { kind: "reply", id, tenant: caller.tenant, createdAt: now(), body: record },
    });
    if (claim.kind === "conflict") return sendFault(reply, RUNNING);
    begun.set(request, { id, record });
    return undefined;
  });

  api.addHook("onSend", async (request, reply, payload) => {
    const { id, record } = begun.get(request) ?? {};
    if (id === undefined || record === undefined) return payload;
    const { tenant } = request.caller;
    // What went wrong on our side may be tried again under the same key.
    if (reply.statusCode >= 500) {
      await store.write({ kind: "remove", of: "reply", id, tenant, expect: "any" });
      return payload;
    }
    const text = typeof payload === "string" ? payload : "";
    const body = {
      ...record,
      status: reply.statusCode,
      body: seal(sealingKey(request), Buffer.from(text), SEALED_FOR),
    };
    const entry = { kind: "reply", id, tenant, createdAt: now(), body } as const;
    await store.write({ kind: "put", expect: "any", entry });
    return payload;
  });
}

function replay(
  { request: before, status, body }: ReplyRecord,
  asked: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (before !== asked) return sendFault(reply, MISMATCH);
  if (status === undefined || body === undefined) return sendFault(reply, RUNNING);
  const text = unseal(sealingKey(request), body, SEALED_FOR)?.toString();
  // The same caller with another credential, a rotated key for one, may know that it was done.
  if (text === undefined) return sendFault(reply, { ...MISMATCH, code: "conflict" });
  const type = status < 400 ? "application/json" : "application/problem+json";
  return reply.code(status).header("idempotency-replayed", "true").type(type).send(text);
}

function sealingKey(request: FastifyRequest): Buffer {
  const credential = credentialOf(request) ?? "anonymous";
  return Buffer.from(hkdfSync("sha256", credential, "", "sallyport idempotency", 32));
}
