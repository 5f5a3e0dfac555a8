/**
 * The `vault:` key of the config file: where the key of the vault is, and other stores of secrets.
 */
import type { Shape } from "./schema-shape.ts";

const KMS = {
  type: "object",
  additionalProperties: false,
  default: {},
  description:
    "A service that wraps the key in data_dir; a plain key there is wrapped by `vault rotate-key`.",
  properties: {
    provider: { type: "string", enum: ["aws", "transit"], description: "AWS KMS, or Vault's." },
    key: { type: "string", description: "ARN or id of the key; name of the transit key." },
    region: {
      type: "string",
      pattern: "^[a-z0-9-]{1,64}$",
      examples: ["eu-central-1"],
      description: "aws: of the key.",
    },
    endpoint: { type: "string", description: "aws: in place of kms.<region>.amazonaws.com." },
    credentials_file: {
      type: "string",
      description: "aws: access_key_id:secret_access_key[:session_token], read when needed.",
    },
    role_arn: {
      type: "string",
      pattern: "^arn:aws[a-z-]*:iam::\\d{12}:role/[!-~]{1,512}$",
      examples: ["arn:aws:iam::123456789012:role/gate"],
      description: "aws: in place of credentials_file, a role that the pod may have (IRSA).",
    },
    web_identity_token_file: {
      type: "string",
      default: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
      description: "aws: the service account's token, where EKS puts it.",
    },
    sts_endpoint: { type: "string", description: "aws: in place of sts.<region>.amazonaws.com." },
    mount: {
      type: "string",
      default: "transit",
      pattern: "^[A-Za-z0-9_-]{1,128}$",
      examples: ["transit"],
      description: "transit: where the engine is mounted.",
    },
  },
} as const satisfies Shape;

const SERVER = {
  type: "object",
  additionalProperties: false,
  default: {},
  description: "HashiCorp Vault, for vault://mount/path#field and for `provider: transit`.",
  properties: {
    url: {
      type: "string",
      pattern: "^https?://[^\\s]+$",
      examples: ["https://vault:8200"],
      description: "The server's address.",
    },
    token_file: { type: "string", description: "As Vault Agent writes it; read when needed." },
    namespace: { type: "string", description: "Of Vault Enterprise." },
    ca_file: { type: "string", description: "PEM of its authority." },
  },
} as const satisfies Shape;

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

const KUBERNETES = {
  type: "object",
  additionalProperties: false,
  default: {},
  description: "The API server for k8s:// secrets; in a pod nothing needs to be set.",
  properties: {
    url: { type: "string", default: "https://kubernetes.default.svc", description: "Its address." },
    token_file: {
      type: "string",
      default: `${SERVICE_ACCOUNT}/token`,
      description: "The service account's token.",
    },
    ca_file: {
      type: "string",
      default: `${SERVICE_ACCOUNT}/ca.crt`,
      description: "PEM of its authority; empty: the system's.",
    },
  },
} as const satisfies Shape;

export const VAULT_SHAPE = {
  type: "object",
  additionalProperties: false,
  default: {},
  description:
    "The key that encrypts stored secrets; made in data_dir when none is given. With `directory.url` " +
    "and a key that each replica is given (or `kms`), replicas share one vault.",
  properties: {
    key: { type: "string", writeOnly: true, description: "32 bytes, base64 or hex." },
    key_file: {
      type: "string",
      description:
        "A file that holds the key, looked at each second. While it changes it holds both, one a " +
        "line: the first seals a new vault, each opens one that it sealed.",
    },
    kms: KMS,
    server: SERVER,
    kubernetes: KUBERNETES,
  },
} as const satisfies Shape;
