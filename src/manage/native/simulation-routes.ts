/** `/core/v1`: /policies/simulate: recorded traffic under other policies. */
import { Type, type Static } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { instant, type Instant } from "../../core/units.ts";
import {
  SIMULATED_RECORDS_MAX,
  simulatePolicies,
  type Candidate,
  type SimulationWish,
} from "../../operations/policies/simulate-policies.ts";
import type { Api } from "./api.ts";
import { BundleName, FilesJson } from "./bundle-routes.ts";
import { AgentName } from "./fields.ts";
import { timeOf } from "./ledger-json.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";
import { SimulationJson, simulationJson } from "./simulation-json.ts";

const TEXT = `version: 1
agents: [support-bot]
rules:
  - { id: crm-read, tools: [crm.read_*], effect: allow }
`;
const SINCE_DEFAULT = "7d";
const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Seconds until the simulation that runs is probably done. */
const BUSY_S = 5;

const WishJson = Type.Object(
  {
    files: Type.Optional(FilesJson),
    in_place_of: Type.Optional(
      Type.Enum(["bundle", "files"], {
        description:
          "`bundle`: the files are the bundle `name`, beside all else. `files`: they stand for the " +
          "operator's own, which only the default tenant may ask for. Without it, what `name` says: " +
          "files without one stand for the operator's own, where that may be asked for.",
      }),
    ),
    name: Type.Optional(BundleName),
    version: Type.Optional(Type.Integer({ minimum: 1, description: "A kept one of `name`." })),
    since: Type.Optional(
      Type.String({
        pattern: "^[0-9]{1,5}[mhd]$",
        description: `As 90m, 24h, 7d. Without it and \`from\`: ${SINCE_DEFAULT}.`,
      }),
    ),
    from: Type.Optional(Type.String({ format: "date-time", description: "Not before." })),
    to: Type.Optional(Type.String({ format: "date-time", description: "Before." })),
    agent: Type.Optional(AgentName),
  },
  {
    additionalProperties: false,
    description: "Files, or the name and version of a bundle.",
    examples: [{ files: [{ name: "support-bot.yaml", text: TEXT }], since: "7d" }],
  },
);

export function simulationRoutes(
  api: Api,
  { policies, records, identity: { ports } }: Services,
): void {
  let isBusy = false;
  const simulation = { ...policies.ports, index: records.index, inForce: () => policies.inForce() };

  api.post(
    "/policies/simulate",
    {
      schema: {
        summary: "What would these policies have made of the recorded traffic",
        description:
          `Reads up to ${SIMULATED_RECORDS_MAX} records, the oldest first. Changes nothing. What ` +
          "conditions read and no record holds is taken from the decision on record where the " +
          "same condition was in force then; else the call is counted as open.",
        tags: ["policies"],
        body: WishJson,
        response: { 200: SimulationJson },
      },
      config: { access: { role: "viewer", scope: "policies:read" } },
    },
    async ({ caller, body }, reply) => {
      const wish = wishOf(body, caller, ports.now());
      if (wish.kind === "fault") return sendFault(reply, wish.fault);
      if (isBusy) return sendFault(reply, BUSY);
      isBusy = true;
      try {
        const simulated = await simulatePolicies(caller, wish.value, simulation);
        return await answer(reply, 200, simulated, simulationJson);
      } finally {
        isBusy = false;
      }
    },
  );
}

const BUSY = {
  code: "too_many",
  detail: "A simulation runs already; there is one at a time.",
  retryAfter: BUSY_S,
} as const;

function wishOf(
  body: Static<typeof WishJson>,
  { tenant }: Caller,
  now: Instant,
): Answer<SimulationWish> {
  const isOperators = tenant === DEFAULT_TENANT;
  const candidate = candidateOf(body, isOperators && body.name === undefined ? "files" : "bundle");
  if (candidate.kind === "fault") return candidate;
  const from = timeOf(body.from) ?? instant(Math.max(0, now - spanOf(body.since)));
  return done({ candidate: candidate.value, agent: body.agent, from, to: timeOf(body.to) });
}

/** The schema has seen its form. */
function spanOf(text = SINCE_DEFAULT): number {
  const unit = text.at(-1);
  const length = unit === "m" || unit === "h" || unit === "d" ? UNITS_MS[unit] : 0;
  return Number.parseInt(text, 10) * length;
}

function candidateOf(
  { files, name, version, in_place_of: asked }: Static<typeof WishJson>,
  unasked: "bundle" | "files",
): Answer<Candidate> {
  if (files === undefined) {
    if (name === undefined || version === undefined) return NO_CANDIDATE;
    return done({ kind: "version", name, version });
  }
  if (version !== undefined) return NO_CANDIDATE;
  if ((asked ?? unasked) === "files") return done({ kind: "own_files", files });
  return done({ kind: "files", name: name ?? "simulated", files });
}

const NO_CANDIDATE = fault("invalid", "Send files, or the name and version of a bundle.", {
  pointer: "/files",
});
