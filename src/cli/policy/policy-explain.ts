/** `sallyport policy explain`: why a call is decided as it is, and what came close. */
import { InvalidArgumentError, type Command } from "commander";
import type { Config } from "../../app/config/config.ts";
import { needsNoRule } from "../../core/action-classes.ts";
import type { Terms } from "../../core/decision.ts";
import { CLEARANCES, type Clearance } from "../../core/identity/directory-entry.ts";
import { FORWARD_PROXY } from "../../core/forward-proxy.ts";
import { formatAmount } from "../../core/money/usd.ts";
import { MCP_CALL_KEYS, mcpCall, type McpCallKey } from "../../core/policy/mcp-call.ts";
import { explain, type Explanation } from "../../core/policy/explain.ts";
import type { TestCall } from "../../core/policy/policy-file.ts";
import { recordedCall, textNotKept, type RecordedCall } from "../../core/replay/recorded-call.ts";
import { situationOf, type Asked, type Situation } from "../../core/policy/situation.ts";
import { placeAction } from "../../operations/planning/place-action.ts";
import { findExchange } from "../../stores/ledger/read-ledger.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { allowanceText } from "../../pipeline/throttle.ts";
import { wallMillis } from "../../lib/clock.ts";
import { CommandFailure } from "../command-failure.ts";
import { loadFor } from "../config-options.ts";
import { EXIT } from "../exit-code.ts";
import { missedLines } from "./missed-lines.ts";
import { openPolicyDirectory } from "./policy-directory.ts";
import type { Shell } from "../shell.ts";

interface ExplainOptions {
  readonly agent?: string;
  readonly team?: string;
  readonly clearance?: Clearance;
  readonly marks: readonly string[];
  readonly at?: string;
  readonly tool?: string;
  readonly args: string;
  readonly llm?: string;
  readonly operation: string;
  readonly stream?: true;
  readonly outputTokens?: number;
  readonly http?: string;
  readonly mcp?: string;
  readonly prompt?: string;
  readonly resource?: string;
  readonly completion?: string;
  readonly sampling?: string;
  readonly elicitation?: string;
  readonly upstream?: string;
  readonly path: string;
  readonly host: string;
  readonly query: string;
  readonly name?: string;
  readonly body?: string;
  readonly policies?: string;
  readonly config?: string;
  readonly data?: string;
  readonly json?: true;
}

/** Near misses shown; the rest is counted. */
const MISSED_MAX = 8;

export function addExplain(parent: Command, shell: Shell): void {
  const command = parent
    .command("explain")
    .description("say why a call is decided as it is: one described here, or one on the record")
    .argument("[exchange]", "id of a recorded exchange, as the answer's headers name it");
  addCallOptions(command);
  command
    .option("--policies <dir>", "a directory of policy files (default: as configured)")
    .option("--config <file>", "the configuration that names the directories")
    .option("--data <dir>", "the data directory (default: as configured)")
    .option("--json", "print JSON, for programs")
    .action((exchange: string | undefined, options: ExplainOptions) =>
      run(exchange, options, shell),
    );
}

function addCallOptions(command: Command): void {
  command
    .option("--agent <id>", "who calls (default: the configured loopback agent)")
    .option("--team <name>", "its team")
    .option("--clearance <1-5>", "its clearance (default: 1)", clearance)
    .option("--marks <marks>", "marks on the session, with commas between", commaList, [])
    .option("--at <time>", "when, as 2026-01-31T12:00:00Z (default: now)", time)
    .option("--tool <upstream.tool>", "an MCP tool call", toolName)
    .option("--args <json>", "its arguments", jsonObject, "{}")
    .option("--llm <model>", "an LLM call")
    .option("--operation <name>", "chat, responses, messages, …", "chat")
    .option("--stream", "asks for a stream")
    .option("--output-tokens <number>", "the most output tokens that it asks for", wholeNumber)
    .option("--http <method>", "a plain HTTP call")
    .option("--prompt <upstream.prompt>", "an MCP prompt, with --args")
    .option("--resource <upstream.uri>", "reading an MCP resource")
    .option("--completion <upstream.name>", "a completion for a prompt or template")
    .option("--sampling <upstream>", "a server that asks the agent's model")
    .option("--elicitation <upstream>", "a server that asks the agent's user")
    .option("--mcp <method>", "any other MCP call")
    .option("--upstream <name>", "of an LLM, HTTP or MCP call")
    .option("--path <path>", "of an HTTP call, below the upstream", "/")
    .option("--host <host>", "of an HTTP call", "")
    .option("--query <query>", "of an HTTP call", "")
    .option("--name <name>", "prompt, resource or task of an MCP call")
    .option("--body <json>", "JSON body of an LLM or HTTP call", jsonObject);
}

async function run(
  exchange: string | undefined,
  options: ExplainOptions,
  shell: Shell,
): Promise<void> {
  const opened = openPolicyDirectory(options.policies, options.config, shell);
  const { reply, problems, configured } = opened;
  if (reply.kind === "problems" || problems.length > 0) {
    const remedy = "`sallyport policy check` shows them";
    throw new CommandFailure(EXIT.failure, "the policies have problems", remedy);
  }
  const recorded = exchange === undefined ? undefined : await recall(exchange, options, shell);
  const situation =
    recorded === undefined
      ? placed(situationOf(askedOf(options, shell)), configured)
      : situationAt(recorded);
  const explanation = explain(reply.snapshot, reply.rules, situation);
  if (options.json === true) {
    const said = { recorded: recorded?.decision.kind, ...explanation };
    shell.out(`${JSON.stringify(said, undefined, 2)}\n`);
    return;
  }
  const same = recorded?.policy === reply.snapshot.digest;
  const lines = [
    ...(recorded === undefined ? [] : recordedLines(recorded, same)),
    ...explanationLines(explanation, situation),
  ];
  shell.out(`${lines.join("\n")}\n`);
}

async function recall(
  exchange: string,
  options: ExplainOptions,
  shell: Shell,
): Promise<RecordedCall> {
  const data = options.data ?? loadFor({ config: options.config }, shell).config.dataDirectory;
  const found = await findExchange(ledgerDirectory(data), exchange);
  const recorded =
    found && recordedCall({ intent: found.intent?.entry, outcome: found.outcome?.entry });
  if (recorded !== undefined) return recorded;
  const remedy = "`sallyport ledger tail` lists what is on record";
  throw new CommandFailure(EXIT.failure, `no record shows a judged call ${exchange}`, remedy);
}

function askedOf(options: ExplainOptions, shell: Shell): Asked {
  const { agent: named, config, team, clearance: cleared, marks, at } = options;
  const agent = named ?? loadFor({ config }, shell).config.loopbackAgent;
  if (agent === undefined) throw new CommandFailure(EXIT.usage, "say who calls: --agent <id>");
  const when = at ?? new Date(wallMillis()).toISOString();
  return { agent, team, clearance: cleared, marks, at: when, call: callOf(options) };
}

/** As the configured gateway would judge it, where there is one and it has that upstream. */
function placed(situation: Situation, configured: Config | undefined): Situation {
  const { action } = situation;
  const upstream = configured?.upstreams.find(({ name }) => name === action.upstream);
  if (upstream === undefined) return situation;
  return { ...situation, action: placeAction(action, upstream) };
}

function callOf(options: ExplainOptions): TestCall {
  const { tool, llm, http, mcp, args, body, upstream = "" } = options;
  const { operation, path, host, query, name, stream = false, outputTokens } = options;
  const method = (http ?? "").toUpperCase();
  const about = MCP_CALL_KEYS.filter((key) => options[key] !== undefined);
  const kinds = [tool, llm, http, mcp, ...about].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) {
    const flags = ["tool", ...MCP_CALL_KEYS, "llm", "http", "mcp"].map((flag) => `--${flag}`);
    const remedy = `exactly one of ${flags.join(", ")}, or the id of an exchange`;
    throw new CommandFailure(EXIT.usage, "say what is called", remedy);
  }
  if (tool !== undefined) return { kind: "tool", tool, json: args };
  const [key] = about;
  if (key !== undefined) return askedOfMcp(key, options[key] ?? "", args);
  if (method === "CONNECT") return forwardedCall(method, options);
  if (upstream === "") throw new CommandFailure(EXIT.usage, "say where it goes: --upstream <name>");
  if (llm !== undefined) {
    const json = body ?? "{}";
    return { kind: "llm", model: llm, upstream, operation, stream, outputTokens, json };
  }
  if (mcp !== undefined) return { kind: "mcp", upstream, method: mcp, name, json: args };
  return { kind: "http", upstream, method, host, path, query, special: undefined, json: body };
}

/** A tunnel has a host, and nothing else that could be judged. */
function forwardedCall(method: string, { host }: ExplainOptions): TestCall {
  if (host === "") throw new CommandFailure(EXIT.usage, "say where it goes: --host <host>");
  const nothing = { path: "/", query: "", special: undefined, json: undefined } as const;
  return { kind: "http", upstream: FORWARD_PROXY, method, host, ...nothing };
}

function askedOfMcp(key: McpCallKey, target: string, args: string): TestCall {
  const call = mcpCall(key, target, args);
  if (call !== undefined) return call;
  throw new CommandFailure(EXIT.usage, `--${key} ${target} names no upstream`, "upstream.name");
}

function situationAt({ principal, action, at }: RecordedCall): Situation {
  return { principal, action, facts: { now: at, marks: [], source: () => "" } };
}

function recordedLines({ decision, policy, action }: RecordedCall, same: boolean): string[] {
  const { kind, because } = decision;
  const by = because.length === 0 ? "" : `, because of ${because.join(", ")}`;
  return [
    `on record   ${kind}${by}`,
    `            ${same ? "under the same policies" : `under policies ${(policy ?? "").slice(0, 12)}`}`,
    `            not on record: ${textNotKept(action.kind)}`,
    "            not on record: the session's marks at that time",
    "",
    "now:",
  ];
}

function explanationLines(explanation: Explanation, { action }: Situation): string[] {
  const { decision, matched, missed } = explanation;
  const lines = [`decision    ${decision.kind}, because of ${decision.because.join(", ")}`];
  if (decision.kind === "deny") {
    lines.push(`            ${decision.detail}`);
    if (decision.remedy !== undefined) lines.push(`            ${decision.remedy}`);
    if (needsNoRule(action)) {
      lines.push("            The gate allows it all the same: clients need it to connect.");
    }
  }
  if (decision.kind === "allow" || decision.kind === "escalate") {
    lines.push(...termLines(decision.terms));
  }
  if (decision.kind === "escalate") {
    const { approvers, expires } = decision.approval;
    const who = approvers.length === 0 ? "anyone but the agent" : approvers.join(", ");
    lines.push(`approval    by ${who}, within ${expires / 1000} s`);
  }
  for (const { id, place, effect, shadow, failure } of matched) {
    const how = shadow ? `${effect}, in shadow` : effect;
    lines.push(`matches     ${id} (${how}) ${place.file}:${place.line}`);
    if (failure !== undefined) lines.push(`            its condition fails: ${failure}`);
  }
  const near = missed.filter(({ because }) => because !== "tool" && because !== "upstream");
  for (const rule of near.slice(0, MISSED_MAX)) lines.push(...missedLines(rule));
  const rest = missed.length - Math.min(near.length, MISSED_MAX);
  if (rest > 0) lines.push(`misses      ${rest} more that select something else`);
  return lines;
}

function termLines({ charges, rates, outputTokens, marks }: Terms): string[] {
  const lines = charges.map((charge) => {
    const { id, unit } = charge.budget;
    const amount =
      charge.kind === "metered" ? "the metered cost" : formatAmount(unit, charge.amount);
    return `charges     ${amount} to ${id}`;
  });
  for (const rate of rates) {
    lines.push(`limits      ${allowanceText(rate)} per ${rate.scope}, by ${rate.rule}`);
  }
  if (outputTokens !== undefined) lines.push(`limits      ${outputTokens} output tokens`);
  if (marks.length > 0) lines.push(`marks       ${marks.join(", ")}`);
  return lines;
}

function commaList(text: string): readonly string[] {
  return text.split(",").filter((part) => part !== "");
}

function toolName(text: string): string {
  if (/^[^.]+\../.test(text)) return text;
  throw new InvalidArgumentError("write upstream.tool, as in crm.read_user");
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("a whole number is needed");
}

function clearance(text: string): Clearance {
  const level = CLEARANCES.find((one) => String(one) === text);
  if (level !== undefined) return level;
  throw new InvalidArgumentError("1 to 5");
}

function time(text: string): string {
  if (!Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError("write it as 2026-01-31T12:00:00Z");
}

function jsonObject(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return text;
  } catch {
    // Said below, whatever the parser's words were.
  }
  throw new InvalidArgumentError("a JSON object is needed");
}
