import type { Action } from "./action.ts";
import type { Decision } from "./decision.ts";
import type { Finding } from "./inspect/finding.ts";
import type { Reservation } from "./money/budget.ts";
import type { PricedUsage } from "./money/priced-usage.ts";
import type { Principal } from "./principal.ts";
import type { RefusalCode } from "./refusal.ts";
import type {
  BudgetId,
  DefinitionHash,
  Digest,
  ExchangeId,
  Instant,
  Millis,
  ReviewId,
} from "./units.ts";
import type { Upstream } from "./upstream.ts";

export type Outcome =
  | { readonly kind: "refused"; readonly code: RefusalCode; readonly detail: string }
  | { readonly kind: "completed"; readonly status: number; readonly bytes: number }
  /** Stopped after the head was sent; `bytes` got out. */
  | { readonly kind: "cut"; readonly code: RefusalCode; readonly bytes: number }
  | { readonly kind: "abandoned"; readonly by: "client" | "upstream"; readonly bytes: number }
  /** A bug of ours. The cause is in the log. */
  | { readonly kind: "failed" };

/** What was looked at in one direction. "Not scanned" is a verdict of its own (promise 4). */
export type Scan =
  | { readonly kind: "none"; readonly reason: "not_asked" | "no_body" | "not_reached" }
  | { readonly kind: "scanned"; readonly bytes: number }
  | { readonly kind: "unscanned"; readonly reason: string; readonly bytes: number };

/** What a `CONNECT` came to, as far as it can be seen from outside. */
export interface Tunnel {
  /** Where it ended; undefined: no connection. */
  readonly address: string | undefined;
  /** The name in the first bytes; undefined: nobody looked, or it named none. */
  readonly serverName: string | undefined;
  /** Bytes from the agent, and to it. */
  readonly sent: number;
  readonly received: number;
}

/** What a budget's `on_exceed` made of a call. */
export type Adjustment =
  | { readonly kind: "clamped"; readonly budget: BudgetId; readonly outputTokens: number }
  /** Action and decision are those of the model that was asked in the end. */
  | {
      readonly kind: "downgraded";
      readonly budget: BudgetId;
      readonly from: string;
      readonly to: string;
      /** Output cap, where the money was short for the other model, too. */
      readonly outputTokens: number | undefined;
    };

/**
 * Everything the decision looked at, gathered stage by stage; the ledger's two records are made
 * from it. `undefined` is "the exchange did not get that far".
 */
export interface Facts {
  readonly exchange: ExchangeId;
  readonly at: Instant;
  readonly upstream: Upstream;
  readonly method: string;
  /** As received, below the upstream, without query values. */
  readonly path: string;
  /** W3C `traceparent` as the client sent it, not checked. */
  readonly trace?: string | undefined;
  policy: Digest | undefined;
  principal: Principal | undefined;
  action: Action | undefined;
  /** Of the MCP tool or prompt, as it was approved; undefined where none is pinned. */
  definition?: DefinitionHash | undefined;
  decision: Decision | undefined;
  review: ReviewId | undefined;
  reservation: Reservation | undefined;
  /** What a budget changed in the call so that it could go out. */
  adjustment: Adjustment | undefined;
  /** Hash of the intent record: the agent's receipt. */
  opened: Digest | undefined;
  /** Set once the first byte may have gone upstream: from here on money is owed. */
  sent: boolean;
  /** Label of the secret that was borrowed, such as `openai@2`; never its value. */
  credential: string | undefined;
  usage: PricedUsage | undefined;
  findings: readonly Finding[];
  requestScan: Scan;
  responseScan: Scan;
  upstreamStatus: number | undefined;
  tunnel?: Tunnel | undefined;
  outcome: Outcome | undefined;
  /** What went wrong, in words for the operator's log; never on a wire or the ledger. */
  cause: Error | undefined;
  duration: Millis | undefined;
}
