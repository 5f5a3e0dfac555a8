/** An entry of `budgets:`, as a schema. */
import * as Type from "./json-schema.ts";

const closed = { additionalProperties: false } as const;

const NAME_CHARS_MAX = 256;
const SCOPES_MAX = 4;
const name = (description: string) =>
  Type.String({ minLength: 1, maxLength: NAME_CHARS_MAX, description });

const SCOPE_WORDS =
  "`tenant`, `team`, `agent`, `user`, `session`, `run`, `tool`, `model`, `upstream` or " +
  "`tag.<name>`";

export const BudgetSchema = Type.Object(
  {
    limit: Type.String({
      description:
        "An amount with its unit: `10 USD`, `2000000 tokens`, `500000 input_tokens`, " +
        "`100000 output_tokens` or `50 calls`.",
      examples: ["10 USD"],
    }),
    per: Type.Union(
      [
        name("One scope, or `all`."),
        Type.Array(name("A scope."), { minItems: 1, maxItems: SCOPES_MAX }),
      ],
      {
        description:
          `One instance of the budget for each value of this: ${SCOPE_WORDS}; several make one ` +
          "for each combination. `all`: one for everybody. Calls without a value share one.",
        examples: ["agent"],
      },
    ),
    for: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Union([name("A value."), Type.Array(name("A value."), { minItems: 1 })]),
        {
          description:
            "Charges only calls with these values, by scope: `{ team: [support], tag.env: prod }`. " +
            "Tools are written `upstream.tool`.",
        },
      ),
    ),
    window: Type.String({
      description:
        "When it starts anew: `minute`, `hour`, `day`, `week` (from Monday) or `month` of the " +
        "calendar; `rolling 24h`, counted in slices of a twelfth of it or less; with the " +
        "`session`; or never, `lifetime`. `calls` over a rolling minute or less are a rate: who " +
        "waits may go on.",
      examples: ["day"],
    }),
    tz: Type.Optional(
      Type.String({
        description: "IANA time zone of a calendar window. Default: UTC.",
        examples: ["Europe/Zurich"],
      }),
    ),
    notify_at: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 1000 }), {
        description: "Percentages of the limit at which the operator is told; calls go on.",
        minItems: 1,
        maxItems: 8,
        examples: [[50, 80, 100]],
      }),
    ),
    on_exceed: Type.Optional(
      Type.Union(
        [
          Type.Enum(["deny", "clamp"]),
          Type.Object(
            { downgrade: name("Model to ask instead; a rule must allow it.") },
            { ...closed, description: "Asks a cheaper model." },
          ),
        ],
        {
          description:
            "When a call may cost more than is left: `deny` it, `clamp` its output cap to what " +
            "the rest buys, or `downgrade` it to another model of the same upstream (embeddings " +
            "are denied: vectors of two models do not go together). Default: deny.",
          examples: ["clamp"],
        },
      ),
    ),
    status: Type.Optional(
      Type.Literal(402, {
        description:
          "Status of its refusals on every HTTP wire. Default: each wire's own, which its clients " +
          "do not repeat blindly.",
      }),
    ),
    tell_agent: Type.Optional(
      Type.Boolean({
        description: "Answers carry what is left and what the call cost in headers. Default: no.",
      }),
    ),
  },
  { ...closed, description: "Money, tokens or calls that rules may charge, by id." },
);
