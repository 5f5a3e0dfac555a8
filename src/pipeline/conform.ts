/**
 * The last part of stage 5: where policy wants it, the arguments of a tool are held against the
 * schema that was approved, and its result will be.
 */
import type { Action } from "../core/action.ts";
import type { Inspections, Terms } from "../core/decision.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Pin } from "../core/trust/pin.ts";
import type { SchemaCheck, SchemaSide } from "../core/trust/schema-checks.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import type { Ports } from "./stages.ts";

type ConformPorts = Pick<Ports, "definitions" | "schemas">;

/** Answers at once where no schema is wanted, with the inspections as they are. */
export function conform(
  action: Action,
  { terms: { checks } }: { readonly terms: Terms },
  inspections: Inspections,
  pin: Pin | undefined,
  ports: ConformPorts,
): Verdict<Inspections> | Promise<Verdict<Inspections>> {
  if (action.kind !== "tool" || checks === undefined || checks.length === 0) {
    return pass(inspections);
  }
  if (pin === undefined) return halt(noSchema(action.tool, "its server has not listed it yet"));
  return judge(action.tool, action.args, { checks, inspections, pin }, ports);
}

interface Wanted {
  readonly checks: readonly SchemaSide[];
  readonly inspections: Inspections;
  readonly pin: Pin;
}

async function judge(
  tool: string,
  args: JsonObject,
  { checks, inspections, pin }: Wanted,
  ports: ConformPorts,
): Promise<Verdict<Inspections>> {
  let result: SchemaCheck | undefined;
  for (const side of checks) {
    const reply = await ports.schemas.of(pin.seen, side, () => schemaOf(pin, side, ports));
    if (reply.kind === "unusable") return halt(noSchema(tool, `its ${side}: ${reply.problem}`));
    if (side === "result") {
      result = reply.check;
      continue;
    }
    const problem = reply.check.problemOf(args);
    if (problem !== undefined) return halt(unfit(tool, problem));
  }
  return pass({ ...inspections, result });
}

function schemaOf(
  { ref }: Pin,
  side: SchemaSide,
  { definitions }: ConformPorts,
): JsonObject | undefined {
  const text = definitions.approvedText(ref);
  const schema = isJsonObject(text)
    ? text[side === "arguments" ? "inputSchema" : "outputSchema"]
    : undefined;
  return isJsonObject(schema) ? schema : undefined;
}

function unfit(tool: string, problem: string): Refusal {
  return {
    code: "arguments_invalid",
    detail: `The arguments of ${tool} do not fit its schema: ${problem}.`,
    remedy: "tools/list has the schema; correct the arguments and call again.",
  };
}

function noSchema(tool: string, why: string): Refusal {
  return {
    code: "arguments_invalid",
    detail: `Policy wants ${tool} held against its schema, and there is no usable one (${why}).`,
    remedy: "Ask for tools/list first. An operator can look: sallyport mcp tools.",
  };
}
