/** The `approval:` clause of a rule, as a schema. */
import { REVIEW_PRIORITIES } from "../review/priority.ts";
import * as Type from "./json-schema.ts";
import { closed, globs } from "./schema-pieces.ts";

const duration = (description: string, example: string) =>
  Type.Optional(Type.String({ description, examples: [example] }));

export const ApprovalSchema = Type.Object(
  {
    approvers: Type.Optional(
      globs("Who may approve. Default: anyone but the agent.", "role:manager"),
    ),
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: "How many different people must approve. Default: 1.",
      }),
    ),
    expires: duration(
      "How long a person has to answer, and then the agent to make the call: `90s`, `15m`, `24h` " +
        "or `7d`. Default: 15m.",
      "15m",
    ),
    priority: Type.Optional(
      Type.Enum(REVIEW_PRIORITIES, {
        description: "How soon it should be answered: 72h, 24h, 4h or 1h. Default: medium.",
      }),
    ),
    sla: duration("How soon it should be answered, where the priority does not say it.", "10m"),
    escalate_to: Type.Optional(
      globs("Who is asked instead, with the next higher priority, when that time is over.", "ann"),
    ),
    hold_max: duration(
      "How long the call itself may wait for the answer, at most 290s, and 50s on MCP; `0s`: not " +
        "at all. Default: as configured.",
      "50s",
    ),
  },
  { ...closed, description: "For `effect: approve`." },
);
