/** Sanction's `/api/v1/tokens`: LLM tokens that an agent says it has used. */
import { Type } from "typebox";
import { nanoUsdOf } from "../../core/money/usd-text.ts";
import { NANO_USD_MAX } from "../../core/units.ts";
import { reportUsage } from "../../operations/money/report-usage.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { dollars } from "./dollars.ts";
import { knownAgent } from "./known-agent.ts";
import { TOKEN_BUDGET } from "./wallet-policy.ts";
import { WORDING } from "./wording.ts";

const NANO_PER_DOLLAR = 1e9;
const COST_MAX_USD = Math.floor(NANO_USD_MAX / NANO_PER_DOLLAR);
const Tokens = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const UsageJson = Type.Object({
  model: Type.String(),
  tokens_in: Tokens,
  tokens_out: Tokens,
  cost_usd: Type.Number({ minimum: 0, maximum: COST_MAX_USD }),
  task: Type.Optional(Type.String({ maxLength: 16_384 })),
});

export function tokenRoutes(api: DialectApi, core: DialectCore): void {
  const { identity, budgets, records, usage, subscriptions } = core;
  const { recording } = records;
  const ports = { identity: identity.ports, budgets, recording, usage, subscriptions };
  api.post(
    "/api/v1/tokens",
    { schema: { body: UsageJson }, config: { asker: "agent" } },
    async (request, reply) => {
      const caller = callerOf(request);
      const { agent } = caller;
      const {
        model,
        tokens_in: tokensIn,
        tokens_out: tokensOut,
        cost_usd: cost,
        task,
      } = request.body;
      if (agent === undefined) throw new Error("admitted without an agent");
      const wish = {
        agent,
        model,
        inputTokens: tokensIn,
        outputTokens: tokensOut,
        cost: nanoUsdOf(String(cost)),
        task,
        budget: TOKEN_BUDGET,
      };
      const reported = await reportUsage(caller, wish, ports);
      if (reported.kind === "fault") return WORDING.fail(reply, reported.fault, request);
      if (reported.value.kind === "recorded") {
        const { name } = await knownAgent(caller, core);
        return { id: reported.value.event.id, recorded: true, cost_usd: cost, agent: name };
      }
      const { hold, left } = reported.value;
      const { limit } = hold.budget;
      const error = "Daily token budget exceeded";
      return reply.code(402).send({
        error,
        reason: `${dollars(left)} USD of ${dollars(limit)} USD are left today.`,
        daily_limit_usd: dollars(limit),
        daily_spent_usd: dollars(limit - left),
        code: "budget_exceeded",
        request_id: request.id,
      });
    },
  );
}
