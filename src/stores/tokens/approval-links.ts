/** Links that answer a review: JWTs under the same keys as execution tokens, and no such token. */
import { importJWK, jwtVerify, SignJWT } from "jose";
import type { ApprovalLinks } from "../../core/review/approval-link.ts";
import { TOKEN_CHARS_MAX } from "../../core/identity/token-form.ts";
import { TOKEN_ISSUER } from "../../core/identity/tokens.ts";
import { id, instant } from "../../core/units.ts";
import { ALGORITHM, openSigner, type TokenIssuerParts } from "./token-issuer.ts";

const TYPE = "approval-link+jwt";
const AUDIENCE = "sallyport-approvals";

export function createApprovalLinks(parts: TokenIssuerParts): ApprovalLinks {
  return {
    async issue({ review, tenant, approver, expiresAt }) {
      const { kid, key } = await openSigner(parts);
      return new SignJWT({ tenant })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
        .setIssuer(TOKEN_ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(approver)
        .setJti(review)
        .setExpirationTime(Math.floor(expiresAt / 1000))
        .sign(key);
    },
    async read(token) {
      if (token.length > TOKEN_CHARS_MAX) return undefined;
      try {
        const { payload } = await jwtVerify(token, ({ kid = "" }) => publicKey(kid, parts), {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer: TOKEN_ISSUER,
          audience: AUDIENCE,
          requiredClaims: ["exp", "sub", "jti", "tenant"],
          currentDate: new Date(parts.now()),
        });
        const { jti = "", sub = "", exp = 0, tenant } = payload;
        const expiresAt = instant(exp * 1000);
        return { review: id(jti), tenant: id(String(tenant)), approver: sub, expiresAt };
      } catch {
        // Expired or forged: nobody's, and nothing more is said.
        return undefined;
      }
    },
  };
}

async function publicKey(kid: string, { store }: TokenIssuerParts) {
  const entry = await store.get("signing_key", kid);
  if (entry === undefined) throw new RangeError("a key that nobody knows");
  return importJWK({ ...entry.body.publicJwk }, ALGORITHM);
}
