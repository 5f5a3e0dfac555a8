/** Where AWS hands temporary keys to what runs there: an EC2 instance, an ECS task, an EKS pod. */
import type { JsonObject } from "../../core/json.ts";
import { askJson, askText } from "./ask-json.ts";
import type { AwsKey } from "./aws-signer.ts";
import { VaultFault } from "./vault-fault.ts";

export interface TemporaryKey {
  readonly key: AwsKey;
  /** Milliseconds since 1970. */
  readonly until: number;
}

const SESSION_SECONDS = "300";
const ROLE = /^[\w+=,.@-]{1,64}$/;

/**
 * Version 2 only: a proxy that forwards what it is told cannot be made to PUT with a header.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export async function keyOfInstance(endpoint: string): Promise<TemporaryKey> {
  const session = await askText({
    url: `${endpoint}/latest/api/token`,
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": SESSION_SECONDS },
  });
  if (session.status !== 200) throw refused("the instance's metadata", session.status);
  const headers = { "x-aws-ec2-metadata-token": session.text };
  const roles = `${endpoint}/latest/meta-data/iam/security-credentials/`;
  const listed = await askText({ url: roles, method: "GET", headers });
  const role = listed.text.split("\n")[0]?.trim() ?? "";
  if (listed.status !== 200 || !ROLE.test(role)) {
    throw new VaultFault("the instance has no role: give it an instance profile");
  }
  const answer = await askJson({ url: roles + role, method: "GET", headers });
  if (answer.status !== 200) throw refused("the instance's metadata", answer.status);
  return keyIn(answer.body, "the instance's metadata");
}

/** @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
export async function keyOfContainer(
  url: string,
  token: string | undefined,
): Promise<TemporaryKey> {
  const headers = token === undefined ? {} : { authorization: token };
  const answer = await askJson({ url, method: "GET", headers });
  if (answer.status !== 200) throw refused("the container's metadata", answer.status);
  return keyIn(answer.body, "the container's metadata");
}

function keyIn(body: JsonObject, who: string): TemporaryKey {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = body;
  const until = typeof Expiration === "string" ? Date.parse(Expiration) : Number.NaN;
  const isWhole =
    typeof AccessKeyId === "string" &&
    typeof SecretAccessKey === "string" &&
    typeof Token === "string" &&
    Number.isFinite(until);
  if (!isWhole) throw new VaultFault(`${who} answered without a temporary key`);
  const key = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
  return { key, until };
}

function refused(who: string, status: number): VaultFault {
  return new VaultFault(`${who} gives no key (${status})`);
}
