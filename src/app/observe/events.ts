/** What the operator hears of: one function for each business event, a log line and a count each. */
import type { Action } from "../../core/action.ts";
import { standsOpen } from "../../core/action-classes.ts";
import type { Facts } from "../../core/evidence.ts";
import type { Notifier } from "../../core/notify/notification.ts";
import type { Problem } from "../../core/problem.ts";
import { REFUSALS, type Refusal, type RefusalCode } from "../../core/refusal.ts";
import { errorOf, systemCodeOf } from "../../lib/caught.ts";
import { impossible } from "../../lib/impossible.ts";
import { printable } from "../../lib/printable.ts";
import type { Observer } from "../../pipeline/stages.ts";
import type { McpEvents } from "../../proxy/mcp/transport/mcp-transports.ts";
import type { LedgerEvent } from "../../stores/ledger/ledger-event.ts";
import { createBudgetEvents, type BudgetEvents } from "./budget-events.ts";
import type { Log } from "./logger.ts";
import { createStoreEvents, type StoreEvents } from "./store-events.ts";
import { outcomeKey, type Tally } from "./tally.ts";

/** What goes wrong with pins of MCP definitions. */
export interface DefinitionEvents {
  /** What a server lists could not be remembered, so it is not shown. */
  definitionFault(cause: unknown): void;
  lockFault(problem: string): void;
}

/** The operator's files, taken or refused. */
export interface FileEvents {
  policyLoaded(digest: string, rules: number): void;
  policyRefused(problems: readonly Problem[]): void;
  policyDoubted(warnings: readonly Problem[]): void;
  pricesLoaded(catalogue: string, overrides: number): void;
  pricesRefused(problems: readonly Problem[]): void;
  feedsLoaded(entries: number, stale: readonly string[]): void;
  feedsRefused(problems: readonly Problem[]): void;
  /** A process of this data directory was ended in a look; `note` says so until it is deleted. */
  lookStuck(recorded: number, note: string): void;
}

export interface Events
  extends Observer, McpEvents, BudgetEvents, DefinitionEvents, FileEvents, StoreEvents {
  /** Exchanges that ended in an exception. */
  readonly bugs: number;
  /** Requests that never became an exchange, by why. */
  readonly requestsTurnedAway: ReadonlyMap<RefusalCode, number>;
  ledger(event: LedgerEvent): void;
  vaultFault(fault: Error): void;
  /** A listener's new certificate cannot be used: it serves with the last one. */
  certificateRefused(fault: Error): void;
  /** An upstream's credential cannot be had: its calls will be refused. */
  credentialMissing(refusal: Refusal): void;
  /** A text that nobody is sure of got no second opinion. */
  judgeAway(cause: string): void;
  listening(what: string, url: string): void;
  draining(running: number, limitMs: number): void;
  stopped(cut: number): void;
}

/** Told of every closed exchange beside log and counters: the tracer, a report. */
export type Listener = (facts: Facts) => void;

const NOBODY: Notifier = { notify: () => undefined };

export function createEvents(
  log: Log,
  tally: Tally,
  listeners: readonly Listener[],
  notifier: Notifier = NOBODY,
): Events {
  let bugs = 0;
  const turnedAway = new Map<RefusalCode, number>();
  return {
    ...mcpEvents(log),
    ...definitionEvents(log),
    ...fileEvents(log),
    ...createBudgetEvents(log, notifier),
    ...createStoreEvents(log),
    requestsTurnedAway: turnedAway,
    get bugs(): number {
      return bugs;
    },
    closed(facts) {
      tally.count(facts);
      const level = levelOf(facts);
      if (log.isLevelEnabled(level)) log[level](lineOf(facts), "exchange");
      for (const listen of listeners) listen(facts);
    },
    bug(error, { exchange, upstream }) {
      bugs += 1;
      const stack = error instanceof Error ? error.stack : String(error);
      log.error({ exchange, upstream: upstream.name, stack }, "bug");
    },
    turnedAway(code) {
      turnedAway.set(code, (turnedAway.get(code) ?? 0) + 1);
      log.info({ code }, "turned away");
    },
    ledger(event) {
      logLedger(event, log);
    },
    vaultFault(fault) {
      log.error({ cause: describe(fault) }, "vault cannot be used");
    },
    certificateRefused(fault) {
      log.error({ cause: describe(fault) }, "certificate cannot be used");
    },
    credentialMissing({ detail, cause }) {
      log.warn({ detail, cause: cause && describe(cause) }, "credential missing");
    },
    judgeAway(cause) {
      log.warn({ cause }, "judge away");
    },
    listening(what, url) {
      log.info({ url }, `${what} listening`);
    },
    draining(running, limitMs) {
      log.info({ running, limit_ms: limitMs }, "draining");
    },
    stopped(cut) {
      log[cut === 0 ? "info" : "warn"]({ cut }, "stopped");
    },
  };
}

function fileEvents(log: Log): FileEvents {
  return {
    lookStuck(recorded, note) {
      log.warn({ recorded, note }, "looks did not end before: each has a time limit now");
    },
    policyLoaded(digest, rules) {
      log.info({ policy: digest, rules }, "policy loaded");
    },
    policyRefused(problems) {
      logProblems(problems, "policy refused", log);
    },
    policyDoubted(warnings) {
      logProblems(warnings, "policy loaded, but probably not as it is meant", log, "warn");
    },
    pricesLoaded(catalogue, overrides) {
      log.info({ catalogue, overrides }, "prices loaded");
    },
    pricesRefused(problems) {
      logProblems(problems, "prices refused", log);
    },
    feedsLoaded(entries, stale) {
      log[stale.length === 0 ? "info" : "warn"]({ entries, stale }, "feeds loaded");
    },
    feedsRefused(problems) {
      logProblems(problems, "feeds refused", log);
    },
  };
}

function logProblems(
  problems: readonly Problem[],
  what: string,
  log: Log,
  level: "error" | "warn" = "error",
): void {
  for (const { file, line, column, message, suggestion } of problems) {
    log[level]({ at: `${file}:${line}:${column}`, problem: message, suggestion }, what);
  }
}

function mcpEvents(log: Log): McpEvents {
  return {
    processSaid(upstream, line) {
      log.info({ upstream, line: printable(line) }, "process says");
    },
    serverDied(upstream, reason) {
      log.warn({ upstream, cause: describe(reason) }, "MCP server ended");
    },
    unreadableMessage(upstream) {
      log.warn({ upstream }, "MCP server sent what is no message");
    },
  };
}

function definitionEvents(log: Log): DefinitionEvents {
  return {
    definitionFault(cause) {
      log.error({ cause: describe(errorOf(cause)) }, "definitions cannot be remembered");
    },
    lockFault(problem) {
      log.error({ problem }, "lock file refused: what it said before stays in force");
    },
  };
}

type Level = "debug" | "info" | "warn" | "error";

/**
 * Ordinary traffic is on the ledger already and only shows at `debug`. What policy stopped is news;
 * what could not be checked or went wrong, and what the agent was not told, needs somebody.
 */
function levelOf({ action, outcome, findings, cause }: Facts): Level {
  // A server's news: begun anew after each silence, and a server that is gone fails that.
  const isNews = action?.kind === "mcp" && standsOpen(action);
  if (outcome?.kind === "abandoned" && isNews) return "debug";
  if (cause !== undefined) return "warn";
  switch (outcome?.kind) {
    case "refused":
      return isTrouble(outcome.code) ? "warn" : "info";
    case "cut":
      return "warn";
    case "failed":
    case undefined:
      return "error";
    case "abandoned":
      return outcome.by === "upstream" ? "warn" : "debug";
    case "completed":
      return findings.length > 0 ? "info" : "debug";
    default:
      return impossible(outcome);
  }
}

function isTrouble(code: RefusalCode): boolean {
  const group = REFUSALS[code].class;
  return group === "unavailable" || group === "upstream" || group === "internal";
}

/** Never a path, an argument or a text: the exchange id leads to the ledger, which may hold them. */
function lineOf(facts: Facts): object {
  const { exchange, upstream, principal, action, decision, outcome, cause, usage, findings } =
    facts;
  return {
    exchange,
    agent: principal?.agent,
    upstream: upstream.name,
    action: action === undefined ? facts.method : nameOf(action),
    outcome: outcomeKey(outcome),
    cause: cause === undefined ? undefined : describe(cause),
    rules: decision?.because,
    status: facts.upstreamStatus,
    cost_nano_usd: usage?.cost,
    findings: findings.length === 0 ? undefined : findings.map((found) => found.signature),
    duration_ms: facts.duration,
  };
}

function nameOf(action: Action): string {
  switch (action.kind) {
    case "llm":
      return `llm ${action.operation} ${action.model}`.trimEnd();
    case "tool":
      return `tool ${action.tool}`;
    case "mcp":
      return `mcp ${action.method}`;
    case "http":
      return `http ${action.method}`;
    default:
      return impossible(action);
  }
}

function logLedger(event: LedgerEvent, log: Log): void {
  switch (event.kind) {
    case "adopted": {
      const { writer, orphans, cutBytes, abandoned } = event;
      const calm = orphans === 0 && cutBytes === 0 && abandoned === 0;
      const facts = { writer, orphans, cut_bytes: cutBytes, abandoned };
      return log[calm ? "debug" : "warn"](facts, "ledger continued");
    }
    case "unavailable": {
      const cause = describe(errorOf(event.cause));
      return log.error({ cause }, "ledger cannot be written: nothing is forwarded");
    }
    case "head_failed": {
      const cause = event.cause instanceof Error ? describe(event.cause) : String(event.cause);
      return log.warn({ cause }, "no tree head could be signed; the next one covers it");
    }
    case "personal_unkept": {
      const cause = event.cause instanceof Error ? describe(event.cause) : String(event.cause);
      return log.error({ cause }, "a name could not be kept: its record has a token for ever");
    }
    case "head_unsent": {
      const cause = event.cause instanceof Error ? describe(event.cause) : String(event.cause);
      return log.warn({ cause }, "a signed tree head could not be sent; it is tried again");
    }
    case "removed": {
      const facts = { writer: event.writer, open_intents: event.open };
      return log.error(facts, "ledger files were removed while written: a new chain begins");
    }
    case "resumed": {
      const facts = { intents_refused: event.intentsRefused, outcomes_lost: event.outcomesLost };
      return log.warn(facts, "ledger writes again");
    }
    default:
      return impossible(event);
  }
}

function describe(cause: Error): string {
  const code = systemCodeOf(cause);
  return code === undefined ? cause.message : `${code} ${cause.message}`;
}
