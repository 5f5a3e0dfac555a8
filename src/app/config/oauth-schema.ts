/** Secrets as upstreams name them, and how tokens are got with them. */
import { CLIENT_AUTHS, OAUTH_GRANTS } from "../../core/secret/oauth-grant.ts";

export const SECRET_REF = {
  type: "string",
  pattern:
    "^(vault://[A-Za-z0-9._-]{1,128}|vault://[A-Za-z0-9._/-]{3,512}#[A-Za-z0-9._-]{1,128}|" +
    "aws://(instance|container|web-identity)|k8s://[a-z0-9.-]+/[a-z0-9.-]+/[A-Za-z0-9._-]+|env://[A-Za-z_][A-Za-z0-9_]*|file:///.+)$",
  examples: ["vault://openai", "env://OPENAI_API_KEY", "file:///run/secrets/openai"],
} as const;

export const SECRET_FORMS =
  "vault://name, env://NAME, file:///path, k8s://namespace/secret/key, " +
  "vault://mount/path#field (HashiCorp KV 2); for AWS signatures also the role of the EC2 " +
  "aws://instance, of the ECS task or EKS pod aws://container, or aws://web-identity (IRSA).";

const CLIENT_AUTH = {
  type: "string",
  enum: CLIENT_AUTHS,
  default: "basic",
  description:
    "The secret in a header or in the form; private_key_jwt: `ref` is a private key (PEM or " +
    "JWK) that signs who asks, and is never sent (RFC 7523).",
} as const;

const IDP = {
  type: "object",
  additionalProperties: false,
  required: ["token_url", "client_id"],
  description: "The callers' identity provider, for the grant id_jag.",
  properties: {
    token_url: { type: "string", description: "Its token endpoint." },
    client_id: { type: "string", description: "Who Sallyport is there." },
    ref: { ...SECRET_REF, description: "Sallyport's secret there; none for a public client." },
    client_auth: CLIENT_AUTH,
    issuer: { type: "string", description: "For a signed JWT, as beside it." },
    ca_file: { type: "string", description: "As beside it, for this endpoint." },
  },
} as const;

export const OAUTH = {
  type: "object",
  additionalProperties: false,
  required: ["token_url", "client_id"],
  description:
    "Sallyport asks an authorization server for access tokens; `ref` is its secret there.",
  properties: {
    token_url: { type: "string", description: "The token endpoint." },
    client_id: { type: "string", description: "Who Sallyport is there." },
    client_auth: CLIENT_AUTH,
    issuer: {
      type: "string",
      description:
        "The authorization server's issuer, for which a signed JWT is made; token_url if absent.",
    },
    grant: {
      type: "string",
      enum: OAUTH_GRANTS,
      default: "client_credentials",
      description:
        "client_credentials: the gate's own rights; refresh_token: those somebody once gave it; " +
        "token_exchange: the caller's, whose token in Authorization is exchanged (RFC 8693); " +
        "jwt_bearer: `ref` is a JWT of the workload itself, such as a projected service account's; " +
        "id_jag: the caller's, whose ID token in Authorization their identity provider (`idp`) " +
        "exchanges for an assertion that this server takes (MCP's enterprise-managed authorization).",
    },
    idp: IDP,
    refresh_ref: { ...SECRET_REF, description: "The refresh token, for that grant." },
    scope: { type: "string", description: "What for, with spaces between." },
    resource: { type: "string", description: "Whom the tokens are for (RFC 8707)." },
    audience: { type: "string", description: "The same, for servers that want this word." },
    ca_file: {
      type: "string",
      description: "As `ca_file` of the upstream, for the token endpoint's certificate.",
    },
  },
} as const;
