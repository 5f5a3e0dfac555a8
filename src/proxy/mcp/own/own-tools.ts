/** The tools of Sallyport's own MCP server: what they are called, take and answer. */
import { AUTHORIZE_SPEND, REQUEST_APPROVAL } from "../../../core/own-server.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { Principal } from "../../../core/principal.ts";
import { id, type ExchangeId } from "../../../core/units.ts";
import { budgetStatus } from "../../../operations/planning/budget-status.ts";
import {
  checkPermission,
  type JudgingPorts,
  type Places,
} from "../../../operations/planning/check-permission.ts";
import {
  PLANNED_CALL_PROPERTIES,
  readPlannedCall,
  type PlannedCall,
} from "../../../operations/planning/planned-call.ts";
import type { RecentRefusals } from "../../../operations/planning/recent-refusals.ts";
import { requestApproval } from "../../../operations/planning/request-approval.ts";
import type { Ports } from "../../../pipeline/stages.ts";
import {
  approvalText,
  budgetsText,
  permissionText,
  refusalText,
  remembered,
} from "./own-answers.ts";

export interface OwnToolParts {
  readonly places: Places;
  readonly ports: JudgingPorts & Pick<Ports, "budgets" | "reviews" | "awaiting">;
  readonly refusals: RecentRefusals;
}

export interface OwnCall {
  readonly exchange: ExchangeId;
  readonly principal: Principal;
  readonly args: JsonObject;
}

/** What a model reads, and the same for a program; `fault`: the arguments are wrong. */
export type OwnAnswer =
  | { readonly kind: "answer"; readonly text: string; readonly data: JsonObject }
  | { readonly kind: "fault"; readonly text: string };

interface OwnTool {
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly run: (call: OwnCall, parts: OwnToolParts) => Promise<OwnAnswer> | OwnAnswer;
}

const PLANNED: JsonObject = { type: "object", properties: PLANNED_CALL_PROPERTIES };

const TOOLS: Readonly<Record<string, OwnTool>> = {
  check_permission: {
    description:
      "Says whether a call would be allowed, needs a person's approval, or would be denied and why, " +
      "and what is left of the budgets it draws on. Nothing is called. Name a tool, prompt, " +
      "resource, model or HTTP call, or a host of the forward proxy.",
    inputSchema: PLANNED,
    run: (call, parts) =>
      withPlanned(call, async (planned) =>
        permissionText(await checkPermission(call.principal, planned, parts.places, parts.ports)),
      ),
  },
  budget_status: {
    description:
      "Says how much is left of the budgets that bind you, and when they reset. Budgets kept for " +
      "each tool, model or upstream are told for the call that you name.",
    inputSchema: PLANNED,
    run: (call, parts) => {
      const isNamed = Object.keys(call.args).length > 0;
      return isNamed
        ? withPlanned(call, (planned) => tellBudgets(call, planned, parts))
        : tellBudgets(call, NO_CALL, parts);
    },
  },
  [REQUEST_APPROVAL]: {
    description:
      "Asks a person to approve a call before you make it. Then make the call with exactly the same " +
      "arguments. Asking again for the same call tells how it stands; as a task it is over once the " +
      "person has answered.",
    inputSchema: PLANNED,
    run: (call, { places, ports }) =>
      withPlanned(call, async (planned) =>
        approvalText(
          await requestApproval(call.exchange, call.principal, planned, { places, ports }),
        ),
      ),
  },
  explain_denial: {
    description:
      "Says why a call of yours was denied and what could be done instead. Name the request_id of " +
      "the denial, or the call itself as for check_permission.",
    inputSchema: {
      type: "object",
      properties: {
        request_id: { type: "string", description: "As the denial named it: exc_…" },
        ...PLANNED_CALL_PROPERTIES,
      },
    },
    run: explainDenial,
  },
  [AUTHORIZE_SPEND]: {
    description:
      "Asks for permission to spend money on something outside this gate, and books it against " +
      "your budgets. The answer is the authorization to show; without one, do not spend.",
    inputSchema: {
      type: "object",
      properties: {
        amount: {
          type: "number",
          description: "How much, as a plain number.",
          exclusiveMinimum: 0,
        },
        currency: { type: "string", description: "Three letters, for example USD." },
        payee: { type: "string", description: "Who gets it." },
        purpose: { type: "string", description: "What for." },
        category: { type: "string", description: "What kind of thing, for example software." },
        action: { type: "string", description: "How: purchase, subscribe, transfer." },
      },
      required: ["amount", "currency", "payee"],
    },
    run: authorizeSpend,
  },
};

export const OWN_TOOL_LIST: readonly JsonObject[] = Object.entries(TOOLS).map(([name, tool]) => ({
  name,
  description: tool.description,
  inputSchema: tool.inputSchema,
  annotations: {
    readOnlyHint: name !== AUTHORIZE_SPEND && name !== REQUEST_APPROVAL,
    destructiveHint: false,
    openWorldHint: false,
  },
}));

/** As the 2025 era lists them. */
export const OWN_TOOL_LIST_2025: readonly JsonObject[] = OWN_TOOL_LIST.map((tool) =>
  tool["name"] === REQUEST_APPROVAL ? { ...tool, execution: { taskSupport: "optional" } } : tool,
);

/** `undefined`: there is no such tool. */
export function runOwnTool(
  name: string,
  call: OwnCall,
  parts: OwnToolParts,
): Promise<OwnAnswer> | OwnAnswer | undefined {
  return Object.hasOwn(TOOLS, name) ? TOOLS[name]?.run(call, parts) : undefined;
}

/** Budgets that no call is named for: those by tool or model have no place to be looked up. */
const NO_CALL: PlannedCall = {
  action: { kind: "mcp", upstream: id(""), method: "", name: undefined },
  source: () => "",
};

async function tellBudgets(
  { principal }: OwnCall,
  { action }: PlannedCall,
  { ports }: OwnToolParts,
): Promise<OwnAnswer> {
  const charges = ports.policies
    .current()
    .budgetsOf(principal)
    .map((budget) => ({ kind: "metered", budget }) as const);
  return budgetsText(await budgetStatus(principal, action, charges, ports));
}

function withPlanned(
  { args }: OwnCall,
  run: (planned: PlannedCall) => Promise<OwnAnswer>,
): Promise<OwnAnswer> | OwnAnswer {
  const reading = readPlannedCall(args);
  if (reading.kind === "problem") return fault(reading.problem);
  return run(reading.call);
}

function explainDenial(call: OwnCall, parts: OwnToolParts): Promise<OwnAnswer> | OwnAnswer {
  const asked = call.args["request_id"];
  if (asked === undefined) {
    return withPlanned(call, async (planned) =>
      permissionText(await checkPermission(call.principal, planned, parts.places, parts.ports)),
    );
  }
  if (typeof asked !== "string") return fault("request_id must be a text.");
  const found = parts.refusals.find(id(asked), call.principal);
  if (found !== undefined) return refusalText(remembered(found));
  const text =
    "No recent denial of yours has this request_id. Name the call itself, as for check_permission.";
  return { kind: "answer", text, data: { known: false } };
}

/**
 * Policy and budgets have said yes by now, and the money is booked: the rule for this tool is the
 * law of spending, and what it does not ask for may be missing.
 */
function authorizeSpend({ exchange, args }: OwnCall): OwnAnswer {
  const { amount = null, currency = null, payee = null } = args;
  const what = typeof amount === "number" ? ` ${amount}` : "";
  const unit = typeof currency === "string" ? ` ${currency}` : "";
  const whom = typeof payee === "string" ? ` to ${payee}` : "";
  const text = `Authorized:${what}${unit}${whom}. Authorization ${exchange}.`;
  const data = { authorized: true, authorization: exchange, amount, currency, payee };
  return { kind: "answer", text, data };
}

function fault(text: string): OwnAnswer {
  return { kind: "fault", text };
}
