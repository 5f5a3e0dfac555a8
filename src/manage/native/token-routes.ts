import { Type } from "typebox";
import {
  EXECUTION_TTL_DEFAULT_S,
  EXECUTION_TTL_MAX_S,
  EXECUTION_TTL_MIN_S,
} from "../../core/identity/agent-session.ts";
import { createSession } from "../../operations/identity/manage-sessions.ts";
import type { Api } from "./api.ts";
import { sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import { sessionFields, sessionWish } from "./session-routes.ts";
import { TimeText, timeText } from "./time-text.ts";

const TokenJson = Type.Object(
  {
    token: Type.String({ description: "Send it where the agent's key would go." }),
    jti: Type.String({ description: "The session: revoke it to revoke the token." }),
    expires_at: TimeText,
  },
  {
    examples: [
      {
        token: "eyJ…",
        jti: "ses_01kamz3v9e3x6v0q2m8r5t7w9y",
        expires_at: "2026-11-21T06:15:00.000Z",
      },
    ],
  },
);

const NewTokenJson = Type.Object(
  {
    ...sessionFields,
    ttl_s: Type.Optional(
      Type.Integer({
        minimum: EXECUTION_TTL_MIN_S,
        maximum: EXECUTION_TTL_MAX_S,
        description: `${EXECUTION_TTL_DEFAULT_S} where it is left out.`,
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ agent: "support-bot", scopes: ["execute"], ttl_s: 900 }],
  },
);

const KeysJson = Type.Object(
  { keys: Type.Array(Type.Record(Type.String(), Type.String())) },
  {
    examples: [
      { keys: [{ kty: "OKP", crv: "Ed25519", x: "…", kid: "kid_…", alg: "EdDSA", use: "sig" }] },
    ],
  },
);

export function tokenRoutes(api: Api, { identity }: Services): void {
  const { ports, listedAgents, tokens } = identity;
  api.post(
    "/execution-tokens",
    {
      schema: {
        summary: "Issue an execution token",
        description: "A session in the form of a JWT.",
        tags: ["sessions"],
        body: NewTokenJson,
        response: { 201: TokenJson },
      },
      config: { access: { role: "agent", scope: "sessions:write" }, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const wish = sessionWish({ ...body, ttl_s: body.ttl_s ?? EXECUTION_TTL_DEFAULT_S });
      const made = await createSession(caller, wish, new Set(listedAgents.keys()), ports);
      if (made.kind === "fault") return sendFault(reply, made.fault);
      const session = made.value.body;
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send({
          token: await tokens.issue(session),
          jti: session.id,
          expires_at: timeText(session.expiresAt),
        });
    },
  );
  api.get("/jwks", keysRoute, () => tokens.publicKeys());
}

/** Where verifiers look for them by themselves. */
export function wellKnownRoutes(api: Api, { identity: { tokens } }: Services): void {
  api.get("/.well-known/jwks.json", keysRoute, () => tokens.publicKeys());
}

const keysRoute = {
  schema: {
    summary: "Public keys of execution tokens",
    tags: ["sessions"],
    response: { 200: KeysJson },
  },
  config: { access: "public" },
} as const;
