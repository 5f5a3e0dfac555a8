/** What the index knows of a record. Pure, so that any index can be compared with the segments. */
import { impossible } from "../../lib/impossible.ts";
import type { Outcome } from "../evidence.ts";
import { DEFAULT_TENANT } from "../identity/tenant.ts";
import { id } from "../units.ts";
import type { Asked, ChangeEntry, Checked, Entry, OutcomeEntry } from "./entry.ts";
import type { RecordFacts } from "./ledger-index.ts";

/** UTF-16 units of the words of one record. */
const WORDS_MAX = 1_000;

/** `intent`: the facts of an outcome's intent, where the outcome does not say what was asked. */
export function factsOf(entry: Entry, intent: RecordFacts | undefined): RecordFacts {
  switch (entry.kind) {
    case "intent":
      return {
        ...askedFacts(entry.asked),
        ...checkedFacts(entry.checked),
        subject: entry.exchange,
      };
    case "outcome":
      return outcomeFacts(entry, intent);
    case "change":
      return changeFacts(entry);
    case "event": {
      const { id: subject, cost, data, details, by, reason, ...facts } = entry.event;
      const words = [facts.action, facts.agent, facts.tool, reason, details, ...valuesOf(data), by];
      return { ...NOTHING, ...facts, subject, cost, words: wordsOf(words) };
    }
    case "segment":
    case "boot":
    case "recovered":
    case "resumed":
    case "seal":
      return NOTHING;
    default:
      return impossible(entry);
  }
}

/**
 * The facts of a chain's records, one after the other. `intents` holds those that have no outcome so
 * far: the writer bounds how many there are.
 */
export function factsInOrder(intents: Map<string, RecordFacts>, entry: Entry): RecordFacts {
  if (entry.kind !== "intent" && entry.kind !== "outcome") return factsOf(entry, undefined);
  const facts = factsOf(entry, intents.get(entry.exchange));
  if (entry.kind === "intent") intents.set(entry.exchange, facts);
  else intents.delete(entry.exchange);
  return facts;
}

const NOTHING: RecordFacts = {
  tenant: DEFAULT_TENANT,
  subject: undefined,
  agent: undefined,
  session: undefined,
  user: undefined,
  upstream: undefined,
  model: undefined,
  tool: undefined,
  action: undefined,
  effect: undefined,
  outcome: undefined,
  code: undefined,
  cost: undefined,
  flagged: false,
  score: undefined,
  words: "",
};

function outcomeFacts(entry: OutcomeEntry, intent: RecordFacts | undefined): RecordFacts {
  const { asked, checked, cost, exchange, named, outcome } = entry;
  const facts = asked === undefined ? (intent ?? NOTHING) : askedFacts(asked);
  const code = codeOf(outcome);
  return {
    ...facts,
    ...(checked !== undefined && checkedFacts(checked)),
    subject: exchange,
    outcome: outcome.kind,
    code,
    cost: named === undefined ? cost?.cost : (cost?.cost ?? 0) + named,
    model: cost?.model ?? facts.model,
    words: code === undefined ? facts.words : wordsOf([facts.words, code]),
  };
}

function askedFacts({ action, decision, path, principal, upstream }: Asked): RecordFacts {
  const { agent, session, tenant = DEFAULT_TENANT, user } = principal ?? {};
  const model = action?.kind === "llm" ? action.model : undefined;
  const tool = action?.kind === "tool" ? action.tool : undefined;
  const rules = decision?.because ?? [];
  return {
    ...NOTHING,
    tenant,
    agent,
    session,
    user,
    upstream,
    model,
    tool,
    action: action?.kind,
    effect: decision?.kind,
    words: wordsOf([agent, upstream, model, tool, path, ...rules]),
  };
}

function checkedFacts({ findings }: Checked): Pick<RecordFacts, "flagged" | "score"> {
  if (findings.length === 0) return { flagged: false, score: undefined };
  return { flagged: true, score: Math.max(...findings.map(({ score }) => score)) };
}

function changeFacts({ about, by, change, detail }: ChangeEntry): RecordFacts {
  const { tenant } = detail;
  return {
    ...NOTHING,
    tenant: typeof tenant === "string" ? id(tenant) : DEFAULT_TENANT,
    action: change,
    words: wordsOf([change, about, by, ...valuesOf(detail)]),
  };
}

function codeOf(outcome: Outcome | { readonly kind: "unknown" }): string | undefined {
  return outcome.kind === "refused" || outcome.kind === "cut" ? outcome.code : undefined;
}

function valuesOf(detail: ChangeEntry["detail"]): string[] {
  return Object.values(detail).map(String);
}

function wordsOf(texts: readonly (string | undefined)[]): string {
  const said = texts.filter((text) => text !== undefined && text !== "");
  return said.join(" ").toLowerCase().slice(0, WORDS_MAX);
}
