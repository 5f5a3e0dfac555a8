/** The wallet's ladder as policy text: whatever its owner writes, it compiles and means just that. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePolicies } from "../../src/core/policy/compile-policy.ts";
import { id } from "../../src/core/units.ts";
import {
  CATEGORY_RULE,
  POLICY_DEFAULT,
  TRANSACTION_RULE,
  walletBundle,
  type WalletPolicy,
} from "../../src/dialects/sanction/wallet-policy.ts";
import { NOW, PRINCIPAL, TOOL } from "../unit/money/money-fixtures.ts";

/** What the policy says of a purchase, and by which rules. */
function decide(policy: Partial<WalletPolicy>, category: string, amount: number) {
  const { files } = walletBundle({ ...POLICY_DEFAULT, ...policy });
  const reply = compilePolicies(files.map(({ name, text }) => ({ file: name, text })));
  if (reply.kind !== "ok") throw new Error(JSON.stringify(reply.problems));
  const args = { amount, currency: "USD", payee: "x", category, action: "purchase" };
  const action = {
    ...TOOL,
    upstream: id<typeof TOOL.upstream>("sallyport"),
    tool: "authorize_spend",
    args,
  };
  const source = (): string => JSON.stringify({ params: { arguments: args } });
  const { kind, because } = reply.snapshot.decide(PRINCIPAL, action, {
    now: NOW,
    marks: [],
    source,
  });
  return { kind, because };
}

const word = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" });

describe("a wallet's policy", () => {
  it("blocks the categories that it names, in whatever characters, and no other", () => {
    fc.assert(
      fc.property(word, word, (blocked, other) => {
        const policy = { blocked_categories: [blocked] };
        expect(decide(policy, blocked, 1)).toEqual({ kind: "deny", because: [CATEGORY_RULE] });
        fc.pre(other.toLowerCase() !== blocked.toLowerCase());
        expect(decide(policy, other, 1).kind).toBe("allow");
      }),
      { numRuns: 60 },
    );
  });

  it("goes through its ladder to the cent", () => {
    const cents = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(cents, cents, cents, (most, over, asked) => {
        const policy = { per_transaction_usd: most / 100, escalate_over_usd: over / 100 };
        const { kind, because } = decide(policy, "software", asked / 100);
        if (asked > most) expect(because).toEqual([TRANSACTION_RULE]);
        else expect(kind).toBe(asked > over ? "escalate" : "allow");
      }),
      { numRuns: 60 },
    );
  });
});
