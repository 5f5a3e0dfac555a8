/** Whose a JWT is: one of ours, or of an issuer that the operator trusts. jose is loaded with the first. */
import { isOwnToken, TOKEN_CHARS_MAX, TOKEN_TYPE } from "../../core/identity/token-form.ts";
import { TOKEN_ISSUER, type TrustedIssuer } from "../../core/identity/tokens.ts";
import type { Instant } from "../../core/units.ts";
import type { SigningKeys, TokenReader, TokenSubject } from "../../core/identity/token-subject.ts";
import { errorOf } from "../../lib/caught.ts";
import { tokenProblem } from "./token-problem.ts";
import { openKeySet } from "./key-set.ts";
import { KeysAwayError, type KeySet } from "./patient-key-set.ts";

/** What other issuers may sign with; nothing symmetric, nothing without a signature. */
const ALGORITHMS = ["EdDSA", "ES256", "ES384", "RS256", "RS384", "PS256"];
const CLOCK_TOLERANCE_S = 5;

export function createTokenReader(
  issuers: readonly TrustedIssuer[],
  now: () => Instant,
  onAway: (issuer: string, cause: Error) => void,
): TokenReader {
  const readForeign = foreignReader(issuers, now, onAway);
  return {
    async read(token, index) {
      if (token.length > TOKEN_CHARS_MAX) return refused("is too long");
      try {
        return await (isOwnToken(token) ? readOwn(token, index, now()) : readForeign(token));
      } catch (error) {
        return refused(tokenProblem(error, TOKEN_ISSUER));
      }
    },
  };
}

async function readOwn(token: string, index: SigningKeys, now: Instant): Promise<TokenSubject> {
  const { jwtVerify, importJWK } = await import("jose");
  const { payload } = await jwtVerify(
    token,
    async ({ kid = "" }) => {
      const jwk = index.signingKey(kid);
      if (jwk === undefined) throw new RangeError("a key that nobody knows");
      return importJWK({ ...jwk }, "EdDSA");
    },
    {
      algorithms: ["EdDSA"],
      typ: TOKEN_TYPE,
      issuer: TOKEN_ISSUER,
      audience: TOKEN_ISSUER,
      currentDate: new Date(now),
    },
  );
  return payload.jti === undefined
    ? refused("names no session")
    : { kind: "session", session: payload.jti };
}

/** Rejects where the token is wrong. */
function foreignReader(
  issuers: readonly TrustedIssuer[],
  now: () => Instant,
  onAway: (issuer: string, cause: Error) => void,
): (token: string) => Promise<TokenSubject> {
  const keySets = new Map<string, Promise<KeySet>>();
  return async (token) => {
    const jose = await import("jose");
    const { iss } = jose.decodeJwt(token);
    const trusted = issuers.find(({ issuer }) => issuer === iss);
    if (trusted === undefined) return refused("is of an issuer that is not trusted here");
    const told = (cause: Error): void => onAway(trusted.issuer, cause);
    const known = keySets.get(trusted.issuer) ?? openKeySet(trusted, jose, told);
    keySets.set(trusted.issuer, known);
    const away = { kind: "issuer_away", issuer: trusted.issuer } as const;
    const keys = await known.catch((error: unknown) => {
      if (keySets.delete(trusted.issuer)) told(errorOf(error));
      return undefined;
    });
    if (keys === undefined) return away;
    const options = {
      algorithms: ALGORITHMS,
      issuer: trusted.issuer,
      audience: trusted.audience,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(now()),
    };
    try {
      const { payload } = await jose.jwtVerify(token, keys, options);
      if (payload.sub === undefined) return refused("has no sub");
      return { kind: "subject", subject: trusted.subjectPrefix + payload.sub };
    } catch (error) {
      if (error instanceof KeysAwayError) return away;
      return refused(tokenProblem(error, trusted.audience));
    }
  };
}

/** Nobody's; the agent hears no more than that. */
function refused(why: string): TokenSubject {
  return { kind: "refused", why };
}
