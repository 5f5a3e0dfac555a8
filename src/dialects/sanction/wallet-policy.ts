/**
 * A wallet's policy: the documented ladder as a file of the policy language. Its rules bind what
 * agents do through any door; their ids are how a denial is told in the documented codes.
 */
import type { JsonObject } from "../../core/json.ts";
import { id, type BudgetId } from "../../core/units.ts";
import type { BundleWish } from "../../operations/policies/manage-bundles.ts";

export interface WalletPolicy {
  /** US dollars, each agent by itself, by the UTC day. */
  readonly daily_spend_usd: number;
  readonly per_transaction_usd: number;
  readonly escalate_over_usd: number;
  readonly daily_token_usd: number;
  readonly blocked_categories: readonly string[];
}

export const POLICY_DEFAULT: WalletPolicy = {
  daily_spend_usd: 50,
  per_transaction_usd: 50,
  escalate_over_usd: 25,
  daily_token_usd: 10,
  blocked_categories: ["gambling", "adult", "crypto"],
};

const WALLET_BUNDLE = "wallet";
export const SPEND_BUDGET: BudgetId = id("wallet-daily-spend");
export const TOKEN_BUDGET: BudgetId = id("wallet-daily-tokens");
export const CATEGORY_RULE = "wallet-blocked-category";
export const TRANSACTION_RULE = "wallet-transaction-limit";
const ESCALATION_RULE = "wallet-escalation";

/** An approval is for one spend within this time. */
const APPROVAL_EXPIRES = "15m";

export function walletBundle(policy: WalletPolicy): BundleWish {
  return {
    name: WALLET_BUNDLE,
    // Every JSON text is a YAML text.
    files: [{ name: "wallet.yaml", text: `${JSON.stringify(fileOf(policy), undefined, 2)}\n` }],
    origin: {
      door: "sanction",
      document: { ...policy, blocked_categories: [...policy.blocked_categories] },
    },
  };
}

function fileOf(policy: WalletPolicy): JsonObject {
  const { daily_spend_usd: spend, daily_token_usd: tokens } = policy;
  return {
    version: 1,
    agents: ["*"],
    budgets: {
      [SPEND_BUDGET]: { limit: `${spend} USD`, per: "agent", window: "day" },
      // Documented as 402, and so it is wherever it runs out.
      [TOKEN_BUDGET]: { limit: `${tokens} USD`, per: "agent", window: "day", status: 402 },
    },
    rules: [
      ...categoryRule(policy.blocked_categories),
      {
        id: TRANSACTION_RULE,
        ...SPENDING,
        when: `args.amount > ${policy.per_transaction_usd}`,
        effect: "deny",
        message: `Exceeds the per-transaction limit of $${policy.per_transaction_usd}`,
        remedy: "Ask for a smaller amount, or ask the wallet's owner for a higher limit.",
      },
      {
        id: ESCALATION_RULE,
        ...SPENDING,
        when: `args.amount > ${policy.escalate_over_usd}`,
        effect: "approve",
        approval: { expires: APPROVAL_EXPIRES, hold_max: "0s" },
      },
      {
        id: "wallet-spend",
        ...SPENDING,
        effect: "allow",
        charge: { budget: SPEND_BUDGET, amount: "args.amount", currency: "args.currency" },
      },
      { id: "wallet-models", llm: { models: ["*"] }, effect: "allow", charge: TOKEN_BUDGET },
    ],
  };
}

const SPENDING = { tools: ["sallyport.authorize_spend"] } as const;

/** Whatever the case: a category is the agent's own word. */
function categoryRule(categories: readonly string[]): readonly JsonObject[] {
  if (categories.length === 0) return [];
  const names = categories.map((name) => name.replaceAll(/[^\p{L}\p{N} _-]/gu, "\\$&")).join("|");
  // A JSON text is a CEL text.
  const pattern = JSON.stringify(`(?i)^(${names})$`);
  return [
    {
      id: CATEGORY_RULE,
      ...SPENDING,
      when: `has(args.category) && re(args.category, ${pattern})`,
      effect: "deny",
      message: "This category is blocked by the wallet's policy",
      remedy: "Choose something of another category, or ask the wallet's owner.",
    },
  ];
}
