/** Checks `vault:` and says where its key and the outside stores are. */
import type { AwsCredentialSource } from "../../stores/vault/aws-credentials.ts";
import type { Config, KmsSettings, VaultServerSettings } from "./config.ts";
import type { ConfigFile } from "./config-schema.ts";

type Complain = (path: string, message: string, suggestion?: string) => void;
/** Makes a file's name absolute. */
type PathOf = (key: string, value: string) => string;

export function resolveVault(
  { vault }: ConfigFile,
  path: PathOf,
  complain: Complain,
): Config["vault"] {
  const { key, key_file: file, kubernetes } = vault;
  const server = serverOf(vault.server, path, complain);
  const kms = kmsOf(vault.kms, server, path, complain);
  if (kms !== undefined && (key ?? file) !== undefined) {
    complain("vault.kms", "wraps the key in data_dir, but a key is given", "one of them");
  }
  return {
    key,
    keyFile: file === undefined ? undefined : path("vault.key_file", file),
    kms,
    server,
    kubernetes: {
      url: kubernetes.url,
      tokenFile: path("vault.kubernetes.token_file", kubernetes.token_file),
      caFile:
        kubernetes.ca_file === ""
          ? undefined
          : path("vault.kubernetes.ca_file", kubernetes.ca_file),
    },
  };
}

function serverOf(
  { url, token_file: token, namespace, ca_file: ca }: ConfigFile["vault"]["server"],
  path: PathOf,
  complain: Complain,
): VaultServerSettings | undefined {
  if (url === undefined) return undefined;
  if (token === undefined) {
    complain("vault.server.url", "needs a token beside it", "set vault.server.token_file");
  }
  return {
    url,
    tokenFile: path("vault.server.token_file", token ?? ""),
    namespace,
    caFile: ca === undefined ? undefined : path("vault.server.ca_file", ca),
  };
}

function awsCredentialsOf(
  kms: ConfigFile["vault"]["kms"],
  path: PathOf,
  complain: Complain,
): AwsCredentialSource {
  const { credentials_file: file, role_arn: roleArn, region = "" } = kms;
  if (file !== undefined && roleArn !== undefined) {
    complain("vault.kms.role_arn", "is lent by a token, but a key is given", "one of them");
  }
  if (roleArn !== undefined) {
    const tokenFile = path("vault.kms.web_identity_token_file", kms.web_identity_token_file);
    return { kind: "web_identity", roleArn, tokenFile, region, endpoint: kms.sts_endpoint };
  }
  if (file === undefined) {
    const how = "set vault.kms.credentials_file, or vault.kms.role_arn in EKS";
    complain("vault.kms.provider", "needs credentials beside it", how);
  }
  return { kind: "file", path: path("vault.kms.credentials_file", file ?? "") };
}

function kmsOf(
  kms: ConfigFile["vault"]["kms"],
  server: VaultServerSettings | undefined,
  path: PathOf,
  complain: Complain,
): KmsSettings | undefined {
  const { provider, key = "", region = "", endpoint, mount } = kms;
  if (provider === undefined) return undefined;
  const at = "vault.kms.provider";
  if (key === "") complain(at, "needs a key beside it", "set vault.kms.key");
  if (provider === "aws") {
    if (region === "") complain(at, "needs a region beside it", "set vault.kms.region");
    const credentials = awsCredentialsOf(kms, path, complain);
    return { kind: "aws", key, region, endpoint, credentials };
  }
  if (server === undefined) {
    complain(at, "`transit` needs a server", "set vault.server.url");
    return undefined;
  }
  return { kind: "transit", key, mount, server };
}
