/**
 * The same `Idempotency-Key` with the same request gives the first answer again. Answers may show a
 * new key once, so they are stored sealed under the caller's own credential, which nobody stores.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 */
import { hkdfSync } from "node:crypto";
import type { Fault } from "../core/fault.ts";
import type { Caller } from "../core/identity/caller.ts";
import type { ReplyRecord } from "../core/identity/directory-entry.ts";
import type { IdentityPorts } from "../core/identity/identity-ports.ts";
import { instant } from "../core/units.ts";
import { digestOf, sha256Hex } from "../lib/canonical-json.ts";
import { seal, unseal } from "../lib/seal.ts";

/** A request that came with a key. */
export interface KeyedRequest {
  readonly key: string;
  readonly caller: Caller;
  /** What the answer is sealed under; undefined: the caller showed none. */
  readonly credential: string | undefined;
  /** The route, the same for every request to it. */
  readonly route: string;
  readonly url: string;
  readonly body: unknown;
}

export type Turn =
  /** Nobody asked this before. `finish` must be told what was answered. */
  | {
      readonly kind: "first";
      finish(status: number, body: string): Promise<void>;
      /** The answer is not the last word: the same request is to be looked at again. */
      forget(): Promise<void>;
    }
  | { readonly kind: "again"; readonly status: number; readonly body: string }
  | { readonly kind: "fault"; readonly fault: Fault };

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

type Ports = Pick<IdentityPorts, "store" | "now">;

export async function answerOnce(request: KeyedRequest, { store, now }: Ports): Promise<Turn> {
  const { key, caller, route, url, body } = request;
  const { tenant } = caller;
  const id = sha256Hex(`${tenant}\n${caller.id}\n${route}\n${key}`);
  const asked = digestOf({ url, body: body ?? null });
  const before = await store.get("reply", id);
  if (before !== undefined && before.body.expiresAt > now()) {
    return repeat(before.body, asked, request);
  }
  const expiresAt = instant(now() + KEPT_MS);
  const record: ReplyRecord = { request: asked, status: undefined, body: undefined, expiresAt };
  const claim = await store.write({
    kind: "put",
    expect: before === undefined ? "absent" : before.revision,
    entry: { kind: "reply", id, tenant, createdAt: now(), body: record },
  });
  if (claim.kind === "conflict") return { kind: "fault", fault: RUNNING };
  const forget = async (): Promise<void> => {
    await store.write({ kind: "remove", of: "reply", id, tenant, expect: "any" });
  };
  return {
    kind: "first",
    forget,
    async finish(status, text) {
      // What went wrong on our side may be tried again under the same key.
      if (status >= 500) return forget();
      const sealed = seal(sealingKey(request), Buffer.from(text), SEALED_FOR);
      const answered = { ...record, status, body: sealed };
      const entry = { kind: "reply", id, tenant, createdAt: now(), body: answered } as const;
      await store.write({ kind: "put", expect: "any", entry });
    },
  };
}

function repeat(
  { request: before, status, body }: ReplyRecord,
  asked: string,
  request: KeyedRequest,
): Turn {
  if (before !== asked) return { kind: "fault", fault: MISMATCH };
  if (status === undefined || body === undefined) return { kind: "fault", fault: RUNNING };
  const text = unseal(sealingKey(request), body, SEALED_FOR)?.toString();
  // The same caller with another credential, a rotated key for one, may know that it was done.
  if (text === undefined) return { kind: "fault", fault: { ...MISMATCH, code: "conflict" } };
  return { kind: "again", status, body: text };
}

function sealingKey({ credential = "anonymous" }: KeyedRequest): Buffer {
  return Buffer.from(hkdfSync("sha256", credential, "", "sallyport idempotency", 32));
}
