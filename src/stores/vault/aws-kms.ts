/**
 * AWS KMS over its JSON protocol, without the SDK.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 */
import { readFile } from "node:fs/promises";
import type { JsonObject } from "../../core/json.ts";
import { codeOf } from "../../lib/caught.ts";
import { askJson } from "./ask-json.ts";
import { createAwsSigner, readAwsKey } from "./aws-signer.ts";
import type { KeyWrapper } from "./key-wrapper.ts";
import { VaultFault } from "./vault-fault.ts";

export interface AwsKmsSettings {
  /** ARN or id of the key. */
  readonly key: string;
  readonly region: string;
  /** `https://kms.<region>.amazonaws.com` unless given. */
  readonly endpoint: string | undefined;
  /** `access_key_id:secret_access_key[:session_token]`, read again with each request. */
  readonly credentialsFile: string;
}

/** Authenticated with the ciphertext: what KMS wrapped for others does not open here. */
const CONTEXT = { purpose: "sallyport-vault" };

export function createAwsKms(settings: AwsKmsSettings): KeyWrapper {
  const { key } = settings;
  return {
    name: `aws_kms ${key}`,
    async wrap(plain) {
      const body = { KeyId: key, Plaintext: plain.toString("base64"), EncryptionContext: CONTEXT };
      return textOf(await call("Encrypt", body, settings), "CiphertextBlob");
    },
    async unwrap(wrapped) {
      const body = { KeyId: key, CiphertextBlob: wrapped, EncryptionContext: CONTEXT };
      return Buffer.from(textOf(await call("Decrypt", body, settings), "Plaintext"), "base64");
    },
  };
}

async function call(
  action: "Encrypt" | "Decrypt",
  content: JsonObject,
  { region, endpoint, credentialsFile }: AwsKmsSettings,
): Promise<JsonObject> {
  const origin = new URL(endpoint ?? `https://kms.${region}.amazonaws.com`).origin;
  const credentials = await readCredentials(credentialsFile);
  const text = JSON.stringify(content);
  const own = [
    "content-type",
    "application/x-amz-json-1.1",
    "x-amz-target",
    `TrentService.${action}`,
  ];
  const signed = await createAwsSigner(credentials, { region, service: "kms" })({
    method: "POST",
    origin,
    target: "/",
    headers: own,
    body: Buffer.from(text),
  });
  const headers = Object.fromEntries(pairs([...own, ...signed]));
  const answer = await askJson({ url: `${origin}/`, method: "POST", headers, body: text });
  if (answer.status === 200) return answer.body;
  const type = answer.body["__type"];
  const why = typeof type === "string" ? type.slice(type.lastIndexOf("#") + 1) : answer.status;
  throw new VaultFault(`AWS KMS refused to ${action.toLowerCase()} the vault's key (${why})`);
}

async function readCredentials(path: string) {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new VaultFault(`${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
  const key = readAwsKey(text.trim());
  if (key !== undefined) return key;
  throw new VaultFault(`${path}: write access_key_id:secret_access_key[:session_token]`);
}

function* pairs(flat: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < flat.length; i += 2) yield [flat[i] ?? "", flat[i + 1] ?? ""];
}

function textOf(body: JsonObject, key: string): string {
  const value = body[key];
  if (typeof value === "string") return value;
  throw new VaultFault(`AWS KMS answered without ${key}`);
}
