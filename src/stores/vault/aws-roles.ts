/** `aws://…` references: the role that this machine, task or pod has, by the SDKs' own variables. */
import type { AwsRolePlace } from "../../core/secret/secret-ref.ts";
import { wallMillis } from "../../lib/clock.ts";
import { impossible } from "../../lib/impossible.ts";
import { isLoopbackAddress } from "../../lib/is-loopback-address.ts";
import { awsCredentials, type AwsCredentialSource } from "./aws-credentials.ts";
import type { AwsKey } from "./aws-signer.ts";
import { VaultFault } from "./vault-fault.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface AwsRoles {
  /** `access_key_id:secret_access_key:session_token`. Rejects with VaultFault. */
  keyOf(place: AwsRolePlace): Promise<string>;
}

const METADATA = "http://169.254.169.254";
const TASK_METADATA = "http://169.254.170.2";
/** Besides loopback, the only hosts that AWS serves task and pod keys from without TLS. */
const KEY_HOSTS = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]);
const GLOBAL_STS = "https://sts.amazonaws.com";

export function createAwsRoles(environment: Environment, now = wallMillis): AwsRoles {
  const known = new Map<AwsRolePlace, () => Promise<AwsKey>>();
  return {
    async keyOf(place) {
      const ask = known.get(place) ?? awsCredentials(sourceOf(place, environment), now);
      known.set(place, ask);
      const { accessKeyId, secretAccessKey, sessionToken = "" } = await ask();
      return `${accessKeyId}:${secretAccessKey}:${sessionToken}`;
    },
  };
}

function sourceOf(place: AwsRolePlace, environment: Environment): AwsCredentialSource {
  switch (place) {
    case "instance":
      return instance(environment);
    case "container":
      return container(environment);
    case "web-identity":
      return webIdentity(environment);
    default:
      return impossible(place);
  }
}

function instance(environment: Environment): AwsCredentialSource {
  if (environment["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") {
    throw new VaultFault("aws://instance is switched off by AWS_EC2_METADATA_DISABLED");
  }
  const own = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
  return { kind: "instance", endpoint: own?.replace(/\/+$/, "") ?? METADATA };
}

function container(environment: Environment): AwsCredentialSource {
  return {
    kind: "container",
    url: containerUrl(environment),
    tokenFile: environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
    token: environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"],
  };
}

function containerUrl(environment: Environment): string {
  const relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  if (relative !== undefined) return TASK_METADATA + relative;
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

function webIdentity(environment: Environment): AwsCredentialSource {
  const roleArn = environment["AWS_ROLE_ARN"];
  const tokenFile = environment["AWS_WEB_IDENTITY_TOKEN_FILE"];
  if (roleArn === undefined || tokenFile === undefined) {
    throw new VaultFault("aws://web-identity needs AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE");
  }
  const region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "";
  const own = environment["AWS_ENDPOINT_URL_STS"];
  const endpoint = own ?? (region === "" ? GLOBAL_STS : undefined);
  return { kind: "web_identity", roleArn, tokenFile, region, endpoint };
}
