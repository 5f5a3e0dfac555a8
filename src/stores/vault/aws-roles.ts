/**
 * The temporary keys that AWS gives to what runs there: the role of an EC2 instance (IMDSv2 only), of
 * an ECS task or EKS pod, or of a pod's own token (IRSA). Addresses are where AWS's SDKs look for
 * them, by the same variables.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
import { readFile } from "node:fs/promises";
import type { JsonObject } from "../../core/json.ts";
import type { AwsRolePlace } from "../../core/secret/secret-ref.ts";
import { codeOf } from "../../lib/caught.ts";
import { wallMillis } from "../../lib/clock.ts";
import { impossible } from "../../lib/impossible.ts";
import { isLoopbackAddress } from "../../lib/is-loopback-address.ts";
import { askJson, askText } from "./ask-json.ts";
import { VaultFault } from "./vault-fault.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface AwsRoles {
  /** `access_key_id:secret_access_key:session_token`. Rejects with VaultFault. */
  keyOf(place: AwsRolePlace): Promise<string>;
}

interface TemporaryKey {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A key is asked for anew so long before it ends: requests that it signed are still on their way. */
const EARLY_MS = 5 * 60_000;
const METADATA = "http://169.254.169.254";
const METADATA_TOKEN_SECONDS = "300";
const TASK_METADATA = "http://169.254.170.2";
/** Besides loopback, the only hosts that AWS serves task and pod keys from without TLS. */
const KEY_HOSTS = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]);
const ROLE = /^[\w+=,.@-]{1,64}$/;

export function createAwsRoles(environment: Environment, now: () => number = wallMillis): AwsRoles {
  const held = new Map<AwsRolePlace, TemporaryKey>();
  return {
    async keyOf(place) {
      const known = held.get(place);
      if (known !== undefined && now() < known.expiresAt - EARLY_MS) return known.value;
      const key = await fetchKey(place, environment);
      held.set(place, key);
      return key.value;
    },
  };
}

function fetchKey(place: AwsRolePlace, environment: Environment): Promise<TemporaryKey> {
  switch (place) {
    case "instance":
      return ofInstance(environment);
    case "container":
      return ofContainer(environment);
    case "web-identity":
      return ofWebIdentity(environment);
    default:
      return impossible(place);
  }
}

/** Version 2 only: a proxy that forwards what it is told cannot be made to PUT with a header. */
async function ofInstance(environment: Environment): Promise<TemporaryKey> {
  if (environment["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") {
    throw new VaultFault("aws://instance is switched off by AWS_EC2_METADATA_DISABLED");
  }
  const base = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"]?.replace(/\/+$/, "") ?? METADATA;
  const session = await askText({
    url: `${base}/latest/api/token`,
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": METADATA_TOKEN_SECONDS },
  });
  if (session.status !== 200) throw refused("the instance's metadata", session.status);
  const headers = { "x-aws-ec2-metadata-token": session.text };
  const roles = `${base}/latest/meta-data/iam/security-credentials/`;
  const listed = await askText({ url: roles, method: "GET", headers });
  const role = listed.text.split("\n")[0]?.trim() ?? "";
  if (listed.status !== 200 || !ROLE.test(role)) {
    throw new VaultFault("the instance has no role: give it an instance profile");
  }
  const answer = await askJson({ url: roles + role, method: "GET", headers });
  if (answer.status !== 200) throw refused("the instance's metadata", answer.status);
  return keyIn(answer.body, "the instance's metadata");
}

async function ofContainer(environment: Environment): Promise<TemporaryKey> {
  const answer = await askJson({
    url: containerUrl(environment),
    method: "GET",
    headers: await containerHeaders(environment),
  });
  if (answer.status !== 200) throw refused("the container's metadata", answer.status);
  return keyIn(answer.body, "the container's metadata");
}

function containerUrl(environment: Environment): string {
  const relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  if (relative !== undefined) return new URL(relative, TASK_METADATA).href;
  const full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  if (full === undefined || !URL.canParse(full)) {
    throw new VaultFault(
      "aws://container needs AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI, " +
        "which ECS tasks and EKS pods with an identity have",
    );
  }
  const { protocol, hostname } = new URL(full);
  if (protocol === "https:" || isLoopbackAddress(hostname) || KEY_HOSTS.has(hostname)) return full;
  throw new VaultFault(
    "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of AWS's",
  );
}

async function containerHeaders(environment: Environment): Promise<Record<string, string>> {
  const file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const token =
    file === undefined ? environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] : await readToken(file);
  return token === undefined ? {} : { authorization: token };
}

async function ofWebIdentity(environment: Environment): Promise<TemporaryKey> {
  const role = environment["AWS_ROLE_ARN"];
  const file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"];
  if (role === undefined || file === undefined) {
    throw new VaultFault("aws://web-identity needs AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE");
  }
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: environment["AWS_ROLE_SESSION_NAME"] ?? "sallyport",
    WebIdentityToken: await readToken(file),
  });
  const { status, text } = await askText({
    url: stsUrl(environment),
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  });
  if (status !== 200) throw refused("AWS STS", element(text, "Code") ?? status);
  const names = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] as const;
  const [id, secret, session, expiration] = names.map((name) => element(text, name));
  const body = { AccessKeyId: id, SecretAccessKey: secret, Token: session, Expiration: expiration };
  return keyIn(body, "AWS STS");
}

function stsUrl(environment: Environment): string {
  const own = environment["AWS_ENDPOINT_URL_STS"];
  if (own !== undefined && URL.canParse(own)) return new URL(own).href;
  const region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"];
  return region === undefined
    ? "https://sts.amazonaws.com/"
    : `https://sts.${region}.amazonaws.com/`;
}

/** Of an XML document of STS's, whose values are base64, names and times: nothing is escaped. */
function element(xml: string, name: string): string | undefined {
  const from = xml.indexOf(`<${name}>`);
  const to = xml.indexOf(`</${name}>`, from);
  return from === -1 || to === -1 ? undefined : xml.slice(from + name.length + 2, to);
}

function keyIn(
  body: JsonObject | Readonly<Record<string, string | undefined>>,
  who: string,
): TemporaryKey {
  const { AccessKeyId: id, SecretAccessKey: secret, Token: session, Expiration: end } = body;
  const expiresAt = typeof end === "string" ? Date.parse(end) : Number.NaN;
  if (typeof id !== "string" || typeof secret !== "string" || typeof session !== "string") {
    throw new VaultFault(`${who} answered without a temporary key`);
  }
  if (Number.isNaN(expiresAt)) throw new VaultFault(`${who} does not say when its key ends`);
  return { value: `${id}:${secret}:${session}`, expiresAt };
}

/** Without its end of line; read each time, since the cluster replaces it. */
async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw new VaultFault(`${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
}

function refused(who: string, why: string | number): VaultFault {
  return new VaultFault(`${who} gives no key (${why})`);
}
