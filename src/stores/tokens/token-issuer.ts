/** Execution tokens: Ed25519-signed JWTs, under keys that are sealed in the directory. */
import type { KeyObject } from "node:crypto";
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWTPayload } from "jose";
import type { AgentSession } from "../../core/identity/agent-session.ts";
import type { SigningKeyRecord } from "../../core/identity/directory-entry.ts";
import type { DirectoryStore } from "../../core/identity/directory-store.ts";
import { TOKEN_TYPE } from "../../core/identity/token-form.ts";
import { TOKEN_ISSUER, type TokenIssuer } from "../../core/identity/tokens.ts";
import type { Instant, TenantId } from "../../core/units.ts";
import { usdText } from "../../core/money/usd-text.ts";
import { newId } from "../../lib/ids.ts";
import { seal, unseal } from "../../lib/seal.ts";

export interface TokenIssuerParts {
  readonly store: DirectoryStore;
  /** Seals the private keys. */
  readonly key: () => KeyObject | Promise<KeyObject>;
  readonly tenant: TenantId;
  readonly now: () => Instant;
}

export const ALGORITHM = "EdDSA";
/** Keys published at once: those retired are kept until the tokens they signed have ended. */
export const KEYS_MAX = 16;

type Signer = { readonly kid: string; readonly key: Awaited<ReturnType<typeof importJWK>> };

export function createTokenIssuer(parts: TokenIssuerParts): TokenIssuer {
  let signer: Promise<Signer> | undefined;
  return {
    async issue(session) {
      signer ??= openSigner(parts).catch((error: unknown) => {
        signer = undefined;
        throw error;
      });
      const { kid, key } = await signer;
      const { id, agent, expiresAt } = session;
      return new SignJWT(claimsOf(session))
        .setProtectedHeader({ alg: ALGORITHM, typ: TOKEN_TYPE, kid })
        .setIssuer(TOKEN_ISSUER)
        .setAudience(TOKEN_ISSUER)
        .setSubject(agent)
        .setJti(id)
        .setIssuedAt(Math.floor(parts.now() / 1000))
        .setExpirationTime(Math.floor(expiresAt / 1000))
        .sign(key);
    },
    async publicKeys() {
      const entries = await parts.store.list("signing_key", {
        tenant: parts.tenant,
        limit: KEYS_MAX,
      });
      return { keys: entries.map(({ body }) => body.publicJwk) };
    },
  };
}

/** What the token's bearer may read of it; the gate believes the session alone. */
function claimsOf(session: AgentSession): JWTPayload {
  const { tenant, scopes, credentials, container, spendLimit, tokenLimit } = session;
  return {
    tenant,
    scopes: [...scopes],
    credentials: [...credentials],
    ...(container !== undefined && { container }),
    ...(spendLimit !== undefined && { budget_usd: usdText(spendLimit) }),
    ...(tokenLimit !== undefined && { token_limit: tokenLimit }),
  };
}

/** The newest key that opens under the vault's key; a new one where there is none. */
export async function openSigner(parts: TokenIssuerParts): Promise<Signer> {
  const { store, tenant } = parts;
  const entries = await store.list("signing_key", { tenant, limit: KEYS_MAX });
  for (const { id, body } of entries.toReversed()) {
    const text = unseal(await parts.key(), body.sealed, Buffer.from(id));
    if (text !== undefined) {
      return { kid: id, key: await importJWK(JSON.parse(text.toString()), ALGORITHM) };
    }
  }
  return newSigner(parts);
}

async function newSigner({ store, key, tenant, now }: TokenIssuerParts): Promise<Signer> {
  const id = newId("kid", now());
  const pair = await generateKeyPair(ALGORITHM, { crv: "Ed25519", extractable: true });
  const privateJwk = await exportJWK(pair.privateKey);
  const { kty = "", crv = "", x = "" } = privateJwk;
  const body: SigningKeyRecord = {
    publicJwk: { kty, crv, x, kid: id, alg: ALGORITHM, use: "sig" },
    sealed: seal(await key(), Buffer.from(JSON.stringify(privateJwk)), Buffer.from(id)),
    retiredAt: undefined,
  };
  const entry = { kind: "signing_key", id, tenant, createdAt: now(), body } as const;
  await store.write({ kind: "put", entry, expect: "absent" });
  return { kid: id, key: pair.privateKey };
}
