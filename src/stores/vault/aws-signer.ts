/**
 * AWS Signature Version 4, by AWS's own implementation. Its only importer; it is loaded with the
 * first request that needs it.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import type { SignatureV4 } from "@smithy/signature-v4";
import type { RequestSigner, SignableRequest } from "../../core/secret/vault.ts";
import type { SigningScope } from "../../core/upstream.ts";
import { wallMillis } from "../../lib/clock.ts";

export interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

const KEY = /^([A-Z0-9]{16,128}):([A-Za-z0-9/+=]{16,256})(?::([A-Za-z0-9/+=_-]{16,8000}))?$/;

/** `access_key_id:secret_access_key`, with `:session_token` where the key is a temporary one. */
export function readAwsKey(value: string): AwsKey | undefined {
  const match = KEY.exec(value);
  if (match === null) return undefined;
  const [, accessKeyId = "", secretAccessKey = "", sessionToken] = match;
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** `now`: milliseconds since 1970; there for tests against AWS's published examples. */
export function createAwsSigner(
  key: AwsKey,
  scope: SigningScope,
  now: () => number = wallMillis,
): RequestSigner {
  let loading: Promise<SignatureV4> | undefined;
  return async (request) => {
    loading ??= loadSigner(key, scope);
    const signer = await loading;
    const signed = await signer.sign(signable(request), { signingDate: new Date(now()) });
    return Object.entries(signed.headers)
      .filter(([name]) => ADDED.has(name.toLowerCase()))
      .flatMap(([name, value]) => [name.toLowerCase(), value]);
  };
}

/** What a signature adds to a request. */
const ADDED = new Set([
  "authorization",
  "x-amz-date",
  "x-amz-content-sha256",
  "x-amz-security-token",
]);

async function loadSigner(
  { accessKeyId, secretAccessKey, sessionToken }: AwsKey,
  { region, service }: SigningScope,
): Promise<SignatureV4> {
  const { SignatureV4: Signer } = await import("@smithy/signature-v4");
  const credentials =
    sessionToken === undefined
      ? { accessKeyId, secretAccessKey }
      : { accessKeyId, secretAccessKey, sessionToken };
  return new Signer({ credentials, region, service, sha256: Sha256 });
}

/** The wrapper that the signer asks for around node's own digests. */
class Sha256 {
  readonly #digest: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#digest = secret === undefined ? createHash("sha256") : createHmac("sha256", of(secret));
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#digest.update(of(chunk));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#digest.digest());
  }

  /** Never called: one digest signs one thing. */
  reset(): void {
    throw new Error("a digest is used once");
  }
}

function of(data: string | ArrayBuffer | ArrayBufferView): string | Buffer {
  if (typeof data === "string") return data;
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function signable({ method, origin, target, headers, body }: SignableRequest) {
  const { protocol, hostname, port, host } = new URL(origin);
  const [path = "/", query] = target.split("?", 2);
  const own: Record<string, string> = { host };
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    if (name === "content-type" || name.startsWith("x-amz")) own[name] = headers[i + 1] ?? "";
  }
  return {
    method,
    protocol,
    hostname,
    ...(port !== "" && { port: Number(port) }),
    path,
    query: Object.fromEntries(new URLSearchParams(query ?? "")),
    headers: own,
    body: body ?? "",
  };
}
