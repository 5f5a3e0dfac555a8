/** `/core/v1`: /budgets: how they stand, and what counts as spent. */
import { Type, type Static } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Budget } from "../../core/money/budget.ts";
import { instanceName, type BudgetState } from "../../core/money/budget-state.ts";
import { amountText, unitName, unitsOf } from "../../core/money/amount-text.ts";
import { windowText } from "../../core/money/window-text.ts";
import { budgetStates, liveHolds, setSpent } from "../../operations/money/budget-desk.ts";
import type { Api } from "./api.ts";
import { IdParams, type Written } from "./fields.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXAMPLE = {
  budget: "llm-day",
  instance: "support-bot",
  unit: "USD",
  limit: "10.000000000",
  spent: "7.250000000",
  held: "0.310000000",
  left: "2.440000000",
  debt: "0.000000000",
  per: ["agent"],
  window: "day@UTC",
  on_exceed: "deny",
  resets_at: "2026-11-22T00:00:00.000Z",
  forecast: { spent_at_end: "12.000000000", exhausted_at: "2026-11-21T21:40:00.000Z" },
};

const Amount = Type.String({ description: "A decimal in the budget's unit; never a float." });

const BudgetJson = Type.Object(
  {
    budget: Type.String(),
    instance: Type.String({ description: "`all`, or the value of each scope of `per`." }),
    unit: Type.Enum(["USD", "tokens", "input_tokens", "output_tokens", "calls"]),
    limit: Amount,
    spent: Amount,
    held: Amount,
    left: Amount,
    debt: Amount,
    per: Type.Array(Type.String()),
    window: Type.String(),
    on_exceed: Type.String({ description: "`deny`, `clamp` or `downgrade:<model>`." }),
    resets_at: Type.Optional(TimeText),
    forecast: Type.Optional(
      Type.Object(
        { spent_at_end: Amount, exhausted_at: Type.Optional(TimeText) },
        { description: "If the rest of the window goes on as it began." },
      ),
    ),
  },
  { examples: [EXAMPLE] },
);

const ListJson = Type.Object(
  { items: Type.Array(BudgetJson) },
  { examples: [{ items: [EXAMPLE] }] },
);

const HOLD = {
  attempt: "exc_01kamz3v9e3x6v0q2m8r5t7w9y:1",
  amount: "0.310000000",
  expires_at: "2026-11-21T06:11:00.000Z",
};

const HoldsJson = Type.Object(
  {
    items: Type.Array(
      Type.Object({ attempt: Type.String(), amount: Amount, expires_at: TimeText }),
    ),
  },
  { examples: [{ items: [HOLD] }] },
);

const Instance = Type.String({ minLength: 1, maxLength: 512 });
const Reason = Type.String({ minLength: 1, maxLength: 500 });

const SetJson = Type.Object(
  {
    instance: Type.Optional(Instance),
    spent: Type.String({ pattern: "^[0-9]{1,16}([.][0-9]{1,9})?$" }),
    reason: Reason,
  },
  {
    additionalProperties: false,
    description: "Without instance: every instance that was used in this window.",
    examples: [{ instance: "support-bot", spent: "2.50", reason: "a refund of the provider" }],
  },
);
const ResetJson = Type.Object(
  { instance: Type.Optional(Instance), reason: Reason },
  { additionalProperties: false, examples: [{ reason: "the runaway job was ours" }] },
);

const READ = { role: "viewer", scope: "budgets:read" } as const;
const WRITE = { role: "admin", scope: "budgets:write" } as const;

export function budgetRoutes(api: Api, services: Services): void {
  addReads(api, services);
  addWrites(api, services);
}

function addReads(api: Api, { budgets }: Services): void {
  api.get(
    "/budgets",
    {
      schema: {
        summary: "How the budgets stand",
        tags: ["budgets"],
        querystring: Type.Object(
          { budget: Type.Optional(Type.String({ maxLength: 128 })) },
          { additionalProperties: false },
        ),
        response: { 200: ListJson },
      },
      config: { access: READ },
    },
    async ({ caller, query }, reply) => {
      return answer(reply, 200, await budgetStates(caller.tenant, query.budget, budgets), listJson);
    },
  );
  api.get(
    "/budgets/:id/holds",
    {
      schema: {
        summary: "What running calls hold of a budget",
        tags: ["budgets"],
        params: IdParams,
        querystring: Type.Object(
          { instance: Type.Optional(Instance) },
          { additionalProperties: false },
        ),
        response: { 200: HoldsJson },
      },
      config: { access: READ },
    },
    async ({ caller, params, query }, reply) => {
      const budget = (await budgets.budgets(caller.tenant)).find(({ id }) => id === params.id);
      const holds = await liveHolds(caller.tenant, params.id, query.instance, budgets);
      return answer(reply, 200, holds, (live) => ({
        items: live.map(({ attempt, amount, expiresAt }) => ({
          attempt,
          amount: amountText(budget?.unit ?? "calls", amount),
          expires_at: timeText(expiresAt),
        })),
      }));
    },
  );
}

function addWrites(api: Api, { budgets }: Services): void {
  api.post(
    "/budgets/:id/set",
    {
      schema: {
        summary: "Correct what counts as spent",
        description: "The limit is policy and stays. The change and its reason are on the record.",
        tags: ["budgets"],
        params: IdParams,
        body: SetJson,
        response: { 200: ListJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params, body }, reply) => {
      const spent = spentOf(body, await budgets.budgets(caller.tenant), params.id);
      if (spent.kind === "fault") return sendFault(reply, spent.fault);
      const { name: by, tenant } = caller;
      const correction = { tenant, by, reason: body.reason };
      const set = await setSpent(params.id, body.instance, spent.value, budgets, correction);
      return answer(reply, 200, set, listJson);
    },
  );
  api.post(
    "/budgets/:id/reset",
    {
      schema: {
        summary: "Start the present window anew",
        tags: ["budgets"],
        params: IdParams,
        body: ResetJson,
        response: { 200: ListJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, params, body }, reply) => {
      const correction = { tenant: caller.tenant, by: caller.name, reason: body.reason };
      const reset = await setSpent(params.id, body.instance, 0, budgets, correction);
      return answer(reply, 200, reset, listJson);
    },
  );
}

function spentOf(
  { spent }: Static<typeof SetJson>,
  budgets: readonly Budget[],
  wanted: string,
): Answer<number> {
  const budget = budgets.find(({ id }) => id === wanted);
  if (budget === undefined) return done(0);
  const units = unitsOf(budget.unit, spent);
  return units === undefined
    ? fault("invalid", "spent cannot be counted exactly", { pointer: "/spent" })
    : done(units);
}

function listJson(states: readonly BudgetState[]): Written<typeof ListJson> {
  return { items: states.map(budgetJson) };
}

function budgetJson(state: BudgetState): Static<typeof BudgetJson> {
  const { budget, forecast, resetsAt } = state;
  const text = (amount: number): string => amountText(budget.unit, amount);
  const { onExceed } = budget;
  return {
    budget: budget.id,
    instance: instanceName(state.instance),
    unit: unitName(budget.unit),
    limit: text(budget.limit),
    spent: text(state.spent),
    held: text(state.held),
    left: text(state.left),
    debt: text(state.debt),
    per: [...budget.per],
    window: windowText(budget.window),
    on_exceed: onExceed.kind === "downgrade" ? `downgrade:${onExceed.model}` : onExceed.kind,
    ...(resetsAt !== undefined && { resets_at: timeText(resetsAt) }),
    ...(forecast !== undefined && {
      forecast: {
        spent_at_end: text(forecast.spentAtEnd),
        ...(forecast.exhaustedAt !== undefined && { exhausted_at: timeText(forecast.exhaustedAt) }),
      },
    }),
  };
}
