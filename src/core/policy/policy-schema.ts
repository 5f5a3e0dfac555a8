/**
 * The shape of a policy file: checked at load, published for editors, printed as the language
 * reference. What a text must look like inside (globs, money, CEL) is checked by its own parser.
 */
import { ApprovalSchema } from "./approval-schema.ts";
import { BudgetSchema } from "./budget-schema.ts";
import type { Shape } from "./check-shape.ts";
import { SCHEMA_SIDES } from "../trust/schema-checks.ts";
import * as Type from "./json-schema.ts";
import { InspectSchema } from "./policy-inspect-schema.ts";
import { MCP_SELECTOR_KEYS, MCP_SELECTORS, type McpSelectorKey } from "./mcp-selectors.ts";
import { clearance, closed, globs, id } from "./schema-pieces.ts";
import { TestSchema } from "./policy-test-schema.ts";

const Mode = Type.Enum(["enforce", "shadow", "off"], {
  description:
    "`enforce` obeys; `shadow` evaluates and records but never obeys; `off` only checks. " +
    "A rule's own mode replaces the file's. Default: enforce.",
});

const Llm = Type.Object(
  {
    models: Type.Optional(globs("Models, as the agent asks for them.", "gpt-*")),
    upstreams: Type.Optional(globs("Upstreams by their names in the configuration.", "openai")),
    operations: Type.Optional(
      globs("`chat`, `responses`, `embeddings`, `messages`, `generate`, `count_tokens`, …", "chat"),
    ),
  },
  { ...closed, description: "Selects calls to LLM APIs. What is left out is not narrowed." },
);

const Http = Type.Object(
  {
    upstreams: Type.Optional(globs("Upstreams by their names in the configuration.", "github")),
    hosts: Type.Optional(
      globs(
        "Hosts as the upstream has them, lower case. What agents reach by the forward proxy (its " +
          "upstream is `forward-proxy`) is allowed by rules with `hosts` only; a tunnel by those " +
          "that also name `CONNECT` in `methods`. A port other than the usual one is part of it.",
        "*.example.com",
      ),
    ),
    methods: Type.Optional(globs("HTTP methods, upper case.", "GET")),
    paths: Type.Optional(
      globs(
        "Paths below the upstream, decoded, without query. `*` is one segment, `**` any number.",
        "/repos/**",
      ),
    ),
    allow_unknown: Type.Optional(
      Type.Boolean({
        description: "Lets an allow or approve rule match paths of an LLM upstream nobody meters.",
      }),
    ),
    upgrade: Type.Optional(
      Type.Boolean({ description: "Lets an allow or approve rule match WebSocket upgrades." }),
    ),
  },
  { ...closed, description: "Selects plain HTTP calls. What is left out is not narrowed." },
);

const Mcp = Type.Object(
  {
    upstreams: Type.Optional(globs("Upstreams by their names in the configuration.", "crm")),
    methods: Type.Optional(globs("MCP methods other than tools/call.", "resources/*")),
    names: Type.Optional(globs("Prompt names, resource URIs or task ids.", "file:///docs/*")),
  },
  { ...closed, description: "Selects MCP calls that are not tool calls: prompts, resources, …" },
);

const mcpGlobs = (key: McpSelectorKey, description: string) =>
  Type.Optional(globs(description, MCP_SELECTORS[key].example));

const ChargeObject = Type.Object(
  {
    budget: Type.String({ description: "Id of a budget." }),
    amount: Type.Optional(
      Type.Union([Type.String(), Type.Number()], {
        description:
          "What the call itself names, read digit by digit from its JSON: a path such as " +
          "`args.amount` or `body.items[0].price`, or a fixed number. Without it the metered " +
          "cost " +
          "is charged, or 1 for a budget of calls.",
        examples: ["args.amount"],
      }),
    ),
    currency: Type.Optional(
      Type.String({
        description: "A path or the word USD. Anything but USD is denied.",
        examples: ["args.currency"],
      }),
    ),
  },
  { ...closed, description: "An amount to charge to one budget." },
);

const Charge = Type.Union([Type.String(), ChargeObject], {
  description: "A budget id, or an amount and its budget.",
});

const LIMITS =
  "Bounds of what this rule allows. A limit counts for each agent by itself; `per team`, `per " +
  "session`, `per tool`, … after it count for each of those, `per all` for everybody together.";

const COUNT = Type.Union([Type.String(), Type.Integer({ minimum: 1 })]);

const limit = (description: string, example: string, one: Shape = Type.String()) =>
  Type.Union([...(one.anyOf ?? [one]), Type.Array(one, { minItems: 1, maxItems: 8 })], {
    description: `${description} Or a list of them.`,
    examples: [example],
  });

const Rule = Type.Object(
  {
    id: id("Names the rule in every decision and record; unique over all files."),
    agents: Type.Optional(globs("Narrows the file's agents for this rule.", "support-*")),
    clearance: Type.Optional(
      clearance(
        "For allow and approve: the least clearance that an agent needs for the rule to be about " +
          "it. A denial of the others is `when: principal.clearance < 3`.",
      ),
    ),
    mode: Type.Optional(Mode),
    tools: Type.Optional(globs("Selects MCP tool calls, named `upstream.tool`.", "crm.read_*")),
    prompts: mcpGlobs("prompts", "Selects MCP prompts, named `upstream.prompt`."),
    resources: mcpGlobs(
      "resources",
      "Selects reading and watching MCP resources, named `upstream.uri`; a template is shown " +
        "where some address it makes could be read.",
    ),
    completions: mcpGlobs(
      "completions",
      "Selects completions for a prompt or a resource template, named `upstream.name`.",
    ),
    sampling: mcpGlobs(
      "sampling",
      "Upstreams that may ask the agent's own model something in the middle of a call. Others are " +
        "not told that the agent could.",
    ),
    elicitation: mcpGlobs(
      "elicitation",
      "Upstreams that may ask the agent's user something in the middle of a call. Others are not " +
        "told that the agent could.",
    ),
    llm: Type.Optional(Llm),
    http: Type.Optional(Http),
    mcp: Type.Optional(Mcp),
    when: Type.Optional(
      Type.String({
        description:
          "A CEL condition. If it fails at run time it counts as false for allow and approve, " +
          "and " +
          "as true for deny.",
        examples: ["args.amount < 50"],
      }),
    ),
    effect: Type.Enum(["allow", "deny", "approve"], {
      description: "Order of strength: deny, then approve, then allow; nothing matches: deny.",
    }),
    approval: Type.Optional(ApprovalSchema),
    limits: Type.Optional(
      Type.Object(
        {
          output_tokens: Type.Optional(
            Type.Integer({ minimum: 1, description: "Largest output of one LLM call." }),
          ),
          requests: Type.Optional(
            limit("Calls by this rule: `60/min`, `5/s`, `1000/h`, `1/d`.", "60/min"),
          ),
          tokens: Type.Optional(
            limit("Tokens of LLM calls, in and out: `200000/min`.", "200000/min per team"),
          ),
          spend: Type.Optional(
            limit("Money, metered or named by the call: `2 USD/min`, a brake.", "2 USD/min"),
          ),
          concurrent: Type.Optional(
            limit("Calls that may run at the same time: `4`.", "4 per session", COUNT),
          ),
        },
        { ...closed, description: LIMITS },
      ),
    ),
    charge: Type.Optional(
      Type.Union([Type.String(), ChargeObject, Type.Array(Charge, { minItems: 1, maxItems: 16 })], {
        description: "Budgets to reserve before the call and settle after it: all or none.",
        examples: ["llm-day"],
      }),
    ),
    check: Type.Optional(
      Type.Array(Type.Enum([...SCHEMA_SIDES]), {
        minItems: 1,
        maxItems: 2,
        description:
          "For tools: hold the arguments, or the structured result, against the schema that was " +
          "approved; without a schema the call is refused.",
      }),
    ),
    marks: Type.Optional(
      Type.Array(id("A mark."), {
        minItems: 1,
        maxItems: 16,
        description:
          "Put on the session just before the call goes out; read by `session.marks`, taken off by `sallyport sessions unmark`.",
      }),
    ),
    severity: Type.Optional(
      Type.Enum(["info", "low", "medium", "high", "critical"], {
        description: "For records and alerts; changes no decision.",
      }),
    ),
    category: Type.Optional(Type.String({ description: "For records; changes no decision." })),
    notify: Type.Optional(
      Type.Array(Type.String(), {
        description: "Whom to tell; changes no decision.",
        maxItems: 16,
      }),
    ),
    message: Type.Optional(
      Type.String({ description: "What the agent reads when this rule denies.", maxLength: 500 }),
    ),
    remedy: Type.Optional(
      Type.String({
        description: "What the agent could do instead; shown when this rule denies or falls short.",
        maxLength: 500,
      }),
    ),
  },
  {
    ...closed,
    description: "One rule: whom, what, on which condition, with which effect.",
    oneOf: ["tools", ...MCP_SELECTOR_KEYS, "llm", "http", "mcp"].map((selector) => ({
      required: [selector],
    })),
  },
);

export const PolicyFileSchema = Type.Object(
  {
    version: Type.Literal(1, { description: "Version of the language: 1." }),
    agents: globs("Whom the file is about.", "support-*"),
    tenants: Type.Optional(
      globs(
        "Of which tenants; without it, of all: agents of two tenants may share a name.",
        "acme",
      ),
    ),
    mode: Type.Optional(Mode),
    denials: Type.Optional(
      Type.Enum(["explain", "opaque"], {
        description:
          "What the file's agents hear of a no: the reason, the rules and what would help, or only " +
          "that it is not available. The record has all of it. Default: explain.",
      }),
    ),
    budgets: Type.Optional(
      Type.Record(Type.String(), BudgetSchema, {
        description: "Budgets by id; any file may charge them.",
      }),
    ),
    rules: Type.Optional(
      Type.Array(Rule, { description: "Unordered. Deny beats approve beats allow." }),
    ),
    inspect: Type.Optional(
      Type.Array(InspectSchema, { description: "What to look for in the text." }),
    ),
    tests: Type.Optional(Type.Array(TestSchema, { description: "Calls and what must come out." })),
  },
  {
    ...closed,
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Sallyport policy file",
    description: "What agents may do through Sallyport.",
  },
);
