/** The shape of the tests inside a policy file. */
import { HTTP_SPECIALS } from "../action.ts";
import { RISK_LEVELS } from "../session/conduct.ts";
import { DETECTORS } from "./detectors.ts";
import * as Type from "./json-schema.ts";
import { clearance, closed } from "./schema-pieces.ts";

const open = { additionalProperties: true } as const;

const Call = Type.Object(
  {
    agent: Type.String({ description: "Who calls." }),
    team: Type.Optional(Type.String({ description: "The agent's team." })),
    user: Type.Optional(Type.String({ description: "On whose behalf it works." })),
    tenant: Type.Optional(Type.String({ description: "The agent's tenant. Default: `default`." })),
    clearance: Type.Optional(clearance("The agent's clearance. Default: 1.")),
    marks: Type.Optional(Type.Array(Type.String(), { description: "Marks on the session." })),
    risk: Type.Optional(
      Type.Enum([...RISK_LEVELS], { description: "How the session behaves. Default: LOW." }),
    ),
    findings: Type.Optional(
      Type.Array(Type.Enum([...DETECTORS]), {
        description: "What inspect entries found, each with score 100.",
      }),
    ),
    at: Type.Optional(Type.String({ description: "When, as `2026-01-31T12:00:00Z`." })),
    tool: Type.Optional(Type.String({ description: "`upstream.tool`." })),
    prompt: Type.Optional(Type.String({ description: "`upstream.prompt`." })),
    resource: Type.Optional(Type.String({ description: "`upstream.uri`, to be read." })),
    completion: Type.Optional(
      Type.String({ description: "`upstream.name` of what is completed." }),
    ),
    sampling: Type.Optional(
      Type.String({ description: "The upstream that asks the agent's model." }),
    ),
    elicitation: Type.Optional(
      Type.String({ description: "The upstream that asks the agent's user." }),
    ),
    args: Type.Optional(
      Type.Object(
        {},
        { ...open, description: "Arguments of the tool or prompt, or the question." },
      ),
    ),
    llm: Type.Optional(
      Type.Object(
        {
          model: Type.String(),
          upstream: Type.Optional(Type.String()),
          operation: Type.Optional(Type.String()),
          stream: Type.Optional(Type.Boolean()),
          output_tokens: Type.Optional(Type.Integer({ minimum: 0 })),
        },
        { ...closed, description: "An LLM call." },
      ),
    ),
    http: Type.Optional(
      Type.Object(
        {
          upstream: Type.String(),
          method: Type.String(),
          path: Type.String(),
          host: Type.Optional(Type.String()),
          query: Type.Optional(Type.String()),
          special: Type.Optional(Type.Enum([...HTTP_SPECIALS])),
        },
        { ...closed, description: "A plain HTTP call." },
      ),
    ),
    mcp: Type.Optional(
      Type.Object(
        { upstream: Type.String(), method: Type.String(), name: Type.Optional(Type.String()) },
        { ...closed, description: "An MCP call that is not a tool call." },
      ),
    ),
    body: Type.Optional(
      Type.Object({}, { ...open, description: "JSON body of an LLM or HTTP call." }),
    ),
  },
  {
    ...closed,
    description:
      "The call to try: one of tool, prompt, resource, completion, sampling, elicitation, llm, " +
      "http, mcp.",
  },
);

export const TestSchema = Type.Object(
  {
    call: Call,
    expect: Type.Enum(["allow", "deny", "approve"], { description: "What must come out." }),
    because: Type.Optional(
      Type.Array(Type.String(), { description: "The rules that must have decided it." }),
    ),
  },
  {
    ...closed,
    description: "Runs against this file alone, shadow rules obeyed, before the file is accepted.",
  },
);
