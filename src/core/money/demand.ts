import type { ServiceTier } from "./service-tier.ts";

/**
 * What a provider runs by itself while it answers. `unbilled` costs tokens only; the others have a
 * price of their own for each call.
 */
export type ProviderTool = "web_search" | "file_search" | "unbilled" | "other";

/**
 * What a request may make its provider bill beyond the bytes that were sent: read once, at the
 * dialect's border, and held for or refused.
 */
export interface Demand {
  readonly tier: ServiceTier;
  /** What the place where it is computed adds to the price of tokens, in percent. */
  readonly surcharge: number;
  readonly tools: readonly ProviderTool[];
  /** Most calls of these tools in one answer; undefined where the client set no bound. */
  readonly toolCallsMax: number | undefined;
  /** Tokens that pictures may cost, by the dialect's own bound for one. */
  readonly imageTokens: number;
  /** Documents, files, video, stored prompts: as much as the model can read. */
  readonly readsUnseen: boolean;
}

export const NO_DEMAND: Demand = {
  tier: "standard",
  surcharge: 0,
  tools: [],
  toolCallsMax: undefined,
  imageTokens: 0,
  readsUnseen: false,
};
