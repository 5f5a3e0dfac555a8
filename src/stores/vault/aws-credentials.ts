/** Where requests to AWS get their key from: a file, or the role of a pod, a task or a machine. */
import { readFile } from "node:fs/promises";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { codeOf } from "../../lib/caught.ts";
import { wallMillis } from "../../lib/clock.ts";
import { impossible } from "../../lib/impossible.ts";
import { askJson } from "./ask-json.ts";
import { keyOfContainer, keyOfInstance, type TemporaryKey } from "./aws-metadata.ts";
import { readAwsKey, type AwsKey } from "./aws-signer.ts";
import { VaultFault } from "./vault-fault.ts";

export type AwsCredentialSource =
  /** `access_key_id:secret_access_key[:session_token]`, read again with each request. */
  | { readonly kind: "file"; readonly path: string }
  | WebIdentity
  /** EC2. `endpoint` without a slash at its end. */
  | { readonly kind: "instance"; readonly endpoint: string }
  | ContainerRole;

/** ECS tasks, and EKS pods with an identity. */
export interface ContainerRole {
  readonly kind: "container";
  readonly url: string;
  /** What is shown there; a file is read for each key, and goes before a text. */
  readonly tokenFile: string | undefined;
  readonly token: string | undefined;
}

/** EKS calls it IRSA. */
export interface WebIdentity {
  readonly kind: "web_identity";
  readonly roleArn: string;
  /** The token is replaced there before it ends, so it is read for each key. */
  readonly tokenFile: string;
  readonly region: string;
  /** `https://sts.<region>.amazonaws.com` unless given. */
  readonly endpoint: string | undefined;
}

/** A temporary key is renewed so long before it ends. */
const RENEW_BEFORE_MS = 300_000;
const SESSION_NAME = "sallyport";

/** The answer gives a key that is good now; it rejects with VaultFault. */
export function awsCredentials(source: AwsCredentialSource, now = wallMillis) {
  switch (source.kind) {
    case "file":
      return () => keyInFile(source.path);
    case "web_identity":
      return renewed(() => assumeRole(source), now);
    case "instance":
      return renewed(() => keyOfInstance(source.endpoint), now);
    case "container":
      return renewed(() => lentToContainer(source), now);
    default:
      return impossible(source);
  }
}

/** One request for all who wait; a key that is about to end is used on where no other can be had. */
function renewed(ask: () => Promise<TemporaryKey>, now: () => number): () => Promise<AwsKey> {
  let current: TemporaryKey | undefined;
  let asking: Promise<TemporaryKey> | undefined;
  return async () => {
    if (current !== undefined && now() < current.until - RENEW_BEFORE_MS) return current.key;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    try {
      current = await asking;
    } catch (error) {
      if (current === undefined || now() >= current.until) throw error;
    }
    return current.key;
  };
}

async function lentToContainer({ url, tokenFile, token }: ContainerRole): Promise<TemporaryKey> {
  return keyOfContainer(url, tokenFile === undefined ? token : await textIn(tokenFile));
}

/**
 * Without the SDK, and without a key of its own: the token is what proves who asks.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
async function assumeRole(source: WebIdentity): Promise<TemporaryKey> {
  const { roleArn, tokenFile, region, endpoint } = source;
  const asked = {
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: SESSION_NAME,
    WebIdentityToken: await textIn(tokenFile),
  };
  const { status, body } = await askJson({
    url: `${new URL(endpoint ?? `https://sts.${region}.amazonaws.com`).origin}/`,
    method: "POST",
    headers: {
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    },
    body: new URLSearchParams(asked).toString(),
  });
  if (status !== 200) {
    const code = member(body, "Error")?.["Code"];
    const why = typeof code === "string" ? code : status;
    throw new VaultFault(`AWS STS does not lend the role ${roleArn} (${why})`);
  }
  const answer = member(body, "AssumeRoleWithWebIdentityResponse");
  const result = answer && member(answer, "AssumeRoleWithWebIdentityResult");
  return keyIn(result && member(result, "Credentials"));
}

function keyIn(credentials: JsonObject | undefined): TemporaryKey {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {};
  const until = typeof Expiration === "number" ? Expiration * 1000 : Number.NaN;
  const isWhole =
    typeof AccessKeyId === "string" &&
    typeof SecretAccessKey === "string" &&
    typeof SessionToken === "string" &&
    Number.isFinite(until);
  if (!isWhole) throw new VaultFault("AWS STS answered without a key");
  const key = {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  };
  return { key, until };
}

function member(of: JsonObject, name: string): JsonObject | undefined {
  const value = of[name];
  return isJsonObject(value) ? value : undefined;
}

async function keyInFile(path: string): Promise<AwsKey> {
  const key = readAwsKey(await textIn(path));
  if (key !== undefined) return key;
  throw new VaultFault(`${path}: write access_key_id:secret_access_key[:session_token]`);
}

async function textIn(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw new VaultFault(`${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
}
