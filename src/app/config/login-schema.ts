/** The `login:` key of the config file: people who come by an OpenID provider. */
import { USER_ROLES } from "../../core/identity/role.ts";

const PROVIDER = {
  type: "object",
  additionalProperties: false,
  required: ["name", "client_id"],
  properties: {
    name: {
      type: "string",
      pattern: "^[a-z0-9][a-z0-9-]{0,63}$",
      examples: ["google"],
      description: "In the login's path: google, azure, okta, auth0, or a name of your own.",
    },
    display_name: { type: "string", maxLength: 128, description: "As people read it." },
    issuer: {
      type: "string",
      description:
        "https URL of the issuer, as its discovery document names it; google's is known. For azure: " +
        "https://login.microsoftonline.com/<tenant>/v2.0.",
    },
    client_id: { type: "string", maxLength: 512 },
    client_secret_file: {
      type: "string",
      description: "A file that holds it; without one a public client, which PKCE protects.",
    },
    scopes: {
      type: "array",
      maxItems: 16,
      default: [],
      items: { type: "string", pattern: "^[!-~]{1,128}$", examples: ["groups"] },
      description: "Beside `openid email profile`.",
    },
    allowed_domains: {
      type: "array",
      maxItems: 64,
      default: [],
      items: { type: "string", pattern: "^[a-z0-9.-]{1,255}$", examples: ["example.org"] },
      description:
        "Of verified e-mail addresses. Without domains and roles nobody new is let in: users link " +
        "their accounts.",
    },
    roles: {
      type: "array",
      maxItems: 64,
      default: [],
      items: {
        type: "string",
        pattern: `^.{1,256}=(${USER_ROLES.join("|")})$`,
        examples: ["platform=admin"],
      },
      description: "`group=role`; where there are any, nobody without one of the groups is let in.",
    },
    roles_claim: {
      type: "string",
      default: "groups",
      maxLength: 256,
      description: "The claim that names a person's groups.",
    },
    default_role: {
      type: "string",
      enum: USER_ROLES,
      default: "viewer",
      description: "Of a new person of an allowed domain, where `roles` maps nothing.",
    },
    tenant: {
      type: "string",
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
      examples: ["acme"],
      default: "default",
      description: "Whose people they are.",
    },
  },
} as const;

export const LOGIN_SHAPE = {
  type: "object",
  additionalProperties: false,
  default: {},
  description: "How people log in to the management API, beside their passwords.",
  properties: {
    public_url: {
      type: "string",
      description:
        "Where people's browsers reach the management listener; needed for `providers` that are " +
        "registered with another address than its own.",
    },
    providers: { type: "array", maxItems: 16, default: [], items: PROVIDER },
  },
} as const;
