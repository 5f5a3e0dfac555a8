/** Records on the wire of the native API. */
import { Type } from "typebox";
import { DETAILS_CHARS_MAX } from "../../core/ledger/record-event.ts";
import {
  cursorText,
  placeText,
  RECORD_FIELDS,
  type IndexedRecord,
  type LedgerFilter,
  type LedgerPage,
} from "../../core/ledger/ledger-index.ts";
import { usdText } from "../../core/money/usd-text.ts";
import { instant, type Instant } from "../../core/units.ts";
import type { Written } from "./fields.ts";
import { TimeText, timeText } from "./time-text.ts";

const EXAMPLE = {
  id: "w_01kamz3v9e3x6v0q2m8r5t7w9y:42",
  at: "2026-11-21T06:00:00.412Z",
  kind: "outcome",
  exchange: "exc_01kamz3v9e3x6v0q2m8r5t7w9z",
  agent: "support-bot",
  session: "s-1",
  upstream: "openai",
  model: "gpt-4.1-mini",
  action: "llm",
  effect: "allow",
  outcome: "completed",
  cost_usd: "0.000193800",
  flagged: false,
  hash: "5".repeat(64),
};

const Text = Type.Optional(Type.String());

const FIELDS = {
  id: Type.String({ description: "`<writer>:<seq>`: its place in the ledger, of all tenants." }),
  at: TimeText,
  kind: Type.String(),
  exchange: Type.Optional(
    Type.String({ description: "The exchange or the outside event that it belongs to." }),
  ),
  agent: Text,
  session: Text,
  user: Text,
  upstream: Text,
  model: Text,
  tool: Text,
  action: Text,
  effect: Text,
  outcome: Text,
  code: Text,
  cost_usd: Text,
  flagged: Type.Boolean(),
  score: Type.Optional(Type.Number()),
  details: Type.Optional(Type.String({ description: "An outside event's free text." })),
  hash: Type.String(),
};

export const RecordJson = Type.Object(FIELDS, { examples: [EXAMPLE] });
export const RECORD_EXAMPLE = EXAMPLE;

export const WholeRecordJson = Type.Object({
  ...FIELDS,
  cursor: Type.String({ description: "Where it stands among live events." }),
  record: Type.Unknown({ description: "The record as it was written." }),
});
export const WHOLE_EXAMPLE = {
  ...EXAMPLE,
  cursor: "1790000000000.42",
  record: { kind: "outcome" },
};

function recordJson(record: IndexedRecord): Written<typeof RecordJson> {
  const { at, kind, subject, agent, session, user, upstream, model, tool } = record;
  const { action, effect, outcome, code, cost, flagged, score, details, hash } = record;
  return {
    id: placeText(record),
    at: timeText(at),
    kind,
    exchange: subject,
    agent,
    session,
    user,
    upstream,
    model,
    tool,
    action,
    effect,
    outcome,
    code,
    cost_usd: cost === undefined ? undefined : usdText(cost),
    flagged,
    score,
    details,
    hash,
  };
}

/** One page of them. */
export function recordPage({ records, next }: LedgerPage) {
  return {
    items: records.map(recordJson),
    next: next === undefined ? undefined : Buffer.from(next).toString("base64url"),
  };
}

export function wholeRecordJson(record: IndexedRecord): Written<typeof WholeRecordJson> {
  const written: unknown = JSON.parse(record.record);
  return { ...recordJson(record), cursor: cursorText(record), record: written };
}

const Value = Type.Optional(
  Type.String({ maxLength: 512, description: "Several with commas between them." }),
);

/** What every look at the record may be narrowed by. */
export const FILTER_QUERY = {
  agent: Value,
  session: Value,
  user: Value,
  upstream: Value,
  model: Value,
  tool: Value,
  action: Value,
  effect: Value,
  outcome: Value,
  code: Value,
  kind: Value,
  flagged: Type.Optional(Type.Enum(["true", "false"])),
  score_min: Type.Optional(Type.String({ pattern: "^[0-9]{1,3}$" })),
  from: Type.Optional(Type.String({ format: "date-time", description: "Not before." })),
  to: Type.Optional(Type.String({ format: "date-time", description: "Before." })),
  text: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "Found anywhere, in any case." }),
  ),
};

export type FilterQuery = Readonly<Partial<Record<keyof typeof FILTER_QUERY, string>>>;

export function filterOf(query: FilterQuery): Omit<LedgerFilter, "tenant"> {
  const only: Partial<Record<(typeof RECORD_FIELDS)[number], readonly string[]>> = {};
  for (const field of RECORD_FIELDS) {
    const value = query[field];
    if (value !== undefined) only[field] = value.split(",");
  }
  return {
    only,
    from: timeOf(query.from),
    to: timeOf(query.to),
    flagged: query.flagged === undefined ? undefined : query.flagged === "true",
    scoreMin: query.score_min === undefined ? undefined : Number(query.score_min),
    text: query.text,
  };
}

/** The schema has seen that it is a time; what lies before 1970 was never recorded. */
export function timeOf(text: string | undefined): Instant | undefined {
  return text === undefined ? undefined : instant(Math.max(0, Date.parse(text)));
}

const Named = Type.Optional(Type.String({ minLength: 1, maxLength: 256 }));

export const NewEventJson = Type.Object(
  {
    action: Type.String({ minLength: 1, maxLength: 256, description: "What was done." }),
    agent: Named,
    session: Named,
    user: Named,
    upstream: Named,
    tool: Named,
    model: Named,
    cost_usd: Type.Optional(Type.String({ pattern: "^[0-9]{1,6}([.][0-9]{1,9})?$" })),
    flagged: Type.Optional(Type.Boolean()),
    reason: Type.Optional(Type.String({ maxLength: 512 })),
    details: Type.Optional(Type.String({ maxLength: DETAILS_CHARS_MAX })),
    data: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
        maxProperties: 32,
      }),
    ),
  },
  {
    additionalProperties: false,
    description: "Something that did not go through the gate. Never a secret.",
    examples: [{ action: "send_email", agent: "mailer", tool: "gmail", cost_usd: "0.25" }],
  },
);
