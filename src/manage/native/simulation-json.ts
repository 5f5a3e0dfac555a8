/** A simulation on the wire of the native API. */
import { Type } from "typebox";
import type { SimulatedTraffic } from "../../operations/policies/simulate-traffic.ts";
import { amountText, unitName } from "../../core/money/amount-text.ts";
import type { Written } from "./fields.ts";
import { TimeText, timeText } from "./time-text.ts";

const Count = Type.Integer({ minimum: 0 });
const Effect = Type.Enum(["allow", "approve", "deny"]);
const Texts = Type.Array(Type.String());

const ChangeJson = Type.Object({
  agent: Type.String(),
  call: Type.String(),
  from: Effect,
  to: Effect,
  rules_before: Texts,
  rules_after: Texts,
  count: Count,
  examples: Type.Array(Type.String(), { description: "Exchanges: the first and the last." }),
});

const OpenJson = Type.Object({
  agent: Type.String(),
  call: Type.String(),
  from: Effect,
  possible: Type.Array(Effect),
  rules: Texts,
  missing: Type.Array(Type.String(), { description: "What they read and no record holds." }),
  count: Count,
  examples: Texts,
});

const ApprovalJson = Type.Object({
  day: Type.String(),
  approver: Type.String(),
  before: Count,
  after: Count,
});

const BudgetJson = Type.Object({
  budget: Type.String(),
  unit: Type.String({ description: "USD, tokens, input_tokens, output_tokens or calls." }),
  limit: Type.String(),
  spent: Type.String(),
  calls: Count,
  refused: Count,
  adjusted: Count,
  unknown: Type.Integer({ description: "Calls whose amount is not on record." }),
});

export const SimulationJson = Type.Object(
  {
    calls: Count,
    unchanged: Count,
    changed: Count,
    open: Type.Integer({ description: "Nobody can tell: what a rule reads was not kept." }),
    cut: Type.Integer({ description: "Names that were not kept whole." }),
    unjudged: Type.Integer({ description: "Ended before policy was asked." }),
    omitted: Type.Integer({ description: "Calls of kinds beyond those listed." }),
    first_at: Type.Optional(TimeText),
    last_at: Type.Optional(TimeText),
    records: Count,
    truncated: Type.Boolean({ description: "Whether there was more than is looked at." }),
    changes: Type.Array(ChangeJson),
    open_calls: Type.Array(OpenJson),
    approvals: Type.Array(ApprovalJson),
    budgets: Type.Array(BudgetJson),
    refused_by_budgets: Type.Integer({ description: "On record." }),
  },
  {
    examples: [
      {
        calls: 1200,
        unchanged: 1187,
        changed: 13,
        open: 0,
        cut: 0,
        unjudged: 4,
        omitted: 0,
        first_at: "2026-11-14T06:00:00.000Z",
        last_at: "2026-11-21T05:59:58.000Z",
        records: 2408,
        truncated: false,
        changes: [
          {
            agent: "support-bot",
            call: "tool crm.delete_customer",
            from: "allow",
            to: "approve",
            rules_before: ["crm"],
            rules_after: ["crm-delete"],
            count: 13,
            examples: ["exc_01kamz3v9e3x6v0q2m8r5t7w9y"],
          },
        ],
        open_calls: [],
        approvals: [{ day: "2026-11-20", approver: "role:manager", before: 0, after: 13 }],
        budgets: [],
        refused_by_budgets: 0,
      },
    ],
  },
);

export function simulationJson(done: SimulatedTraffic): Written<typeof SimulationJson> {
  const { calls, unchanged, changed, open, cut, unjudged, omitted, records, truncated } = done;
  return {
    calls,
    unchanged,
    changed,
    open,
    cut,
    unjudged,
    omitted,
    records,
    truncated,
    first_at: timeText(done.first),
    last_at: timeText(done.last),
    changes: done.changes.map(({ rulesBefore, rulesAfter, examples, ...change }) => ({
      ...change,
      rules_before: [...rulesBefore],
      rules_after: [...rulesAfter],
      examples: [...examples],
    })),
    open_calls: done.openCalls.map(({ possible, rules, missing, examples, ...call }) => ({
      ...call,
      possible: [...possible],
      rules: [...rules],
      missing: [...missing],
      examples: [...examples],
    })),
    approvals: [...done.approvals],
    budgets: done.budgets.map(({ unit, limit, spent, taken, ...tally }) => ({
      ...tally,
      unit: unitName(unit),
      limit: amountText(unit, limit),
      spent: amountText(unit, spent),
      calls: taken,
    })),
    refused_by_budgets: done.refusedByBudgets,
  };
}
