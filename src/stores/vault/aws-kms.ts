/**
 * AWS KMS over its JSON protocol, without the SDK.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 */
import type { JsonObject } from "../../core/json.ts";
import { askJson } from "./ask-json.ts";
import { awsCredentials, type AwsCredentialSource } from "./aws-credentials.ts";
import { createAwsSigner, type AwsKey } from "./aws-signer.ts";
import type { KeyWrapper } from "./key-wrapper.ts";
import { VaultFault } from "./vault-fault.ts";

export interface AwsKmsSettings {
  /** ARN or id of the key. */
  readonly key: string;
  readonly region: string;
  /** `https://kms.<region>.amazonaws.com` unless given. */
  readonly endpoint: string | undefined;
  readonly credentials: AwsCredentialSource;
}

/** Authenticated with the ciphertext: what KMS wrapped for others does not open here. */
const CONTEXT = { purpose: "sallyport-vault" };

export function createAwsKms(settings: AwsKmsSettings): KeyWrapper {
  const { key } = settings;
  const keyToSign = awsCredentials(settings.credentials);
  const call = (action: Action, content: JsonObject): Promise<JsonObject> =>
    ask(action, content, settings, keyToSign);
  return {
    name: `aws_kms ${key}`,
    async wrap(plain) {
      const body = { KeyId: key, Plaintext: plain.toString("base64"), EncryptionContext: CONTEXT };
      return textOf(await call("Encrypt", body), "CiphertextBlob");
    },
    async unwrap(wrapped) {
      const body = { KeyId: key, CiphertextBlob: wrapped, EncryptionContext: CONTEXT };
      return Buffer.from(textOf(await call("Decrypt", body), "Plaintext"), "base64");
    },
  };
}

type Action = "Encrypt" | "Decrypt";

async function ask(
  action: Action,
  content: JsonObject,
  { region, endpoint }: AwsKmsSettings,
  keyToSign: () => Promise<AwsKey>,
): Promise<JsonObject> {
  const origin = new URL(endpoint ?? `https://kms.${region}.amazonaws.com`).origin;
  const credentials = await keyToSign();
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

function* pairs(flat: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < flat.length; i += 2) yield [flat[i] ?? "", flat[i + 1] ?? ""];
}

function textOf(body: JsonObject, key: string): string {
  const value = body[key];
  if (typeof value === "string") return value;
  throw new VaultFault(`AWS KMS answered without ${key}`);
}
