/** What the operator should hear of. */
export type LedgerEvent =
  | {
      readonly kind: "adopted";
      readonly writer: string;
      /** Intents whose outcome nobody knows. */
      readonly orphans: number;
      /** Torn bytes removed. */
      readonly cutBytes: number;
      /** Damaged chains passed over. */
      readonly abandoned: number;
    }
  | { readonly kind: "unavailable"; readonly cause: unknown }
  /** A signed tree head could not be written; the next one covers it. */
  | { readonly kind: "head_failed"; readonly cause: unknown }
  /** A head could not be sent away; it waits and is tried again. */
  | { readonly kind: "head_unsent"; readonly cause: unknown }
  /** A text about a person could not be kept: its token will never be resolved. */
  | { readonly kind: "personal_unkept"; readonly cause: unknown }
  /** Its files were deleted while it was written; `open` intents went with it. */
  | { readonly kind: "removed"; readonly writer: string; readonly open: number }
  | { readonly kind: "resumed"; readonly intentsRefused: number; readonly outcomesLost: number };
