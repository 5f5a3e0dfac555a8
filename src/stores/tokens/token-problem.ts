/** What is wrong with a token, for the operator who looks for it: in words, by jose's codes. */
import { codeOf } from "../../lib/caught.ts";

/** @see https://github.com/panva/jose/blob/main/docs/util/errors/README.md */
const PROBLEMS: Readonly<Record<string, string>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: "is signed with an algorithm that is not taken",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "does not say which of its issuer's keys signed it",
  ERR_JWKS_NO_MATCHING_KEY: "is signed with a key that its issuer does not publish",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "has a wrong signature",
  ERR_JWT_EXPIRED: "has expired",
};

export function tokenProblem(error: unknown, audience: string): string {
  const known = PROBLEMS[codeOf(error)];
  if (known !== undefined) return known;
  switch (claimOf(error)) {
    case "aud":
      return `is for another audience than ${audience}`;
    case "nbf":
      return "is not good yet: look at both clocks";
    case "exp":
    case "sub":
      return `has no ${String(claimOf(error))}`;
    default:
      return "cannot be read";
  }
}

/** The claim that a jose error is about. */
function claimOf(error: unknown): unknown {
  return error instanceof Error && "claim" in error ? error.claim : undefined;
}
