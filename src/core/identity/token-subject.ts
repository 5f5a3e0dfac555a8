import type { IssuerAway, TokenRefused } from "../directory.ts";
import type { AccessIndex } from "./access-index.ts";

/** Whom a JWT names. */
export type TokenSubject =
  | { readonly kind: "session"; readonly session: string }
  | { readonly kind: "subject"; readonly subject: string }
  | IssuerAway
  | TokenRefused;

export interface TokenReader {
  read(token: string, keys: SigningKeys): Promise<TokenSubject>;
}

export type SigningKeys = Pick<AccessIndex, "signingKey">;
