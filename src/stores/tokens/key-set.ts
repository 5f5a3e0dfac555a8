/** The keys of a trusted issuer: at a URL, or in a file; looked at again when a new one is used. */
import { readFile } from "node:fs/promises";
import { get } from "node:https";
import type * as joseModule from "jose";
import type { TrustedIssuer } from "../../core/identity/tokens.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { patientKeySet, type KeySet } from "./patient-key-set.ts";

type Jose = typeof joseModule;

/** A JWKS that does not answer must not hold agents up. */
const TIMEOUT_MS = 2_000;
const BYTES_MAX = 1_048_576;
/** Between two looks because of a key that is not among those that are known. */
const COOLDOWN_MS = 5_000;

/** `told` hears that the issuer cannot be reached. */
export async function openKeySet(
  issuer: TrustedIssuer,
  jose: Jose,
  told: (cause: Error) => void,
): Promise<KeySet> {
  const { jwks, caFile, tokenFile } = issuer;
  if (!/^https?:\/\//u.test(jwks)) return fileKeySet(jwks, jose);
  const plain = caFile === undefined && tokenFile === undefined;
  const remote = jose.createRemoteJWKSet(new URL(jwks), {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    ...(!plain && { [jose.customFetch]: (url: string) => fetchAs(url, issuer) }),
  });
  return patientKeySet(remote, jose, told);
}

async function fileKeySet(path: string, jose: Jose): Promise<KeySet> {
  const read = async (): Promise<KeySet> =>
    jose.createLocalJWKSet(JSON.parse(await readFile(path, "utf8")));
  let keys = await read();
  let readAt = monotonicMillis();
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const isNew = error instanceof jose.errors.JWKSNoMatchingKey;
      if (!isNew || monotonicMillis() - readAt < COOLDOWN_MS) throw error;
      readAt = monotonicMillis();
      keys = await read();
      return keys(header, token);
    }
  };
}

/** As a pod asks its cluster: under the cluster's authority, with the pod's own token. */
async function fetchAs(url: string, { caFile, tokenFile }: TrustedIssuer): Promise<Response> {
  const ca = caFile === undefined ? undefined : await readFile(caFile, "utf8");
  const token = tokenFile === undefined ? undefined : await readFile(tokenFile, "utf8");
  const headers = token === undefined ? {} : { authorization: `Bearer ${token.trim()}` };
  return new Promise((resolve, reject) => {
    const options = { headers, timeout: TIMEOUT_MS, ...(ca !== undefined && { ca }) };
    const request = get(url, options, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > BYTES_MAX) answer.destroy(new RangeError("the JWKS is too large"));
        else chunks.push(chunk);
      });
      answer.on("error", reject);
      answer.on("end", () => {
        resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 502 }));
      });
    });
    request.on("timeout", () => request.destroy(new Error("the JWKS did not come in time")));
    request.on("error", reject);
  });
}
