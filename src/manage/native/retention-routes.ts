import { Type } from "typebox";
import type { LegalHold } from "../../core/ledger/retention.ts";
import {
  erasePerson,
  placeHold,
  pruneLedger,
  releaseHold,
} from "../../operations/records/retention.ts";
import { instant } from "../../core/units.ts";
import type { Api } from "./api.ts";
import { IdParams, type Written } from "./fields.ts";
import { timeOf } from "./ledger-json.ts";
import { answer } from "./problem.ts";
import type { Services } from "./services.ts";
import { TimeText, timeText } from "./time-text.ts";

const READ = { role: "auditor", scope: "ledger:read" } as const;
const WRITE = { role: "compliance_officer", scope: "ledger:write" } as const;

const Reason = Type.String({ minLength: 3, maxLength: 500, description: "Stands on the record." });
const Person = Type.String({ minLength: 1, maxLength: 512 });

const HOLD_EXAMPLE = {
  id: "hold_01kamz3v9e3x6v0q2m8r5t7w9y",
  reason: "case 4711",
  by: "alice",
  at: "2026-11-21T06:00:00.000Z",
  from: "2026-10-01T00:00:00.000Z",
};

const HoldJson = Type.Object(
  {
    id: Type.String(),
    reason: Type.String(),
    by: Type.String(),
    at: TimeText,
    from: Type.Optional(TimeText),
    to: Type.Optional(TimeText),
    person: Type.Optional(Type.String()),
  },
  { examples: [HOLD_EXAMPLE] },
);

const NewHoldJson = Type.Object(
  {
    reason: Reason,
    from: Type.Optional(TimeText),
    to: Type.Optional(TimeText),
    person: Type.Optional(Person),
  },
  {
    additionalProperties: false,
    description: "Keeps the records of a time, or of all time, and what is kept about a person.",
    examples: [{ reason: "case 4711", from: "2026-10-01T00:00:00Z" }],
  },
);

export function retentionRoutes(api: Api, services: Services): void {
  addHolds(api, services);
  addRemovals(api, services);
  addErasure(api, services);
}

function addHolds(api: Api, { records: { retention } }: Services): void {
  api.get(
    "/ledger/holds",
    {
      schema: {
        summary: "List legal holds",
        tags: ["ledger"],
        response: {
          200: Type.Object(
            { items: Type.Array(HoldJson) },
            { examples: [{ items: [HOLD_EXAMPLE] }] },
          ),
        },
      },
      config: { access: READ },
    },
    async () => ({ items: (await retention.retention.holds()).map(holdJson) }),
  );
  api.post(
    "/ledger/holds",
    {
      schema: {
        summary: "Place a legal hold",
        description: "It wins over retention and erasure until it is released.",
        tags: ["ledger"],
        body: NewHoldJson,
        response: { 201: HoldJson },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body }, reply) => {
      const { reason, from, to, person } = body;
      const wish = { reason, from: timeOf(from), to: timeOf(to), person };
      return answer(reply, 201, await placeHold(caller.name, wish, retention), holdJson);
    },
  );
  api.delete(
    "/ledger/holds/:id",
    {
      schema: {
        summary: "Release a legal hold",
        tags: ["ledger"],
        params: IdParams,
        response: { 200: HoldJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, params }, reply) =>
      answer(reply, 200, await releaseHold(caller.name, params.id, retention), holdJson),
  );
}

function addRemovals(api: Api, { records: { retention } }: Services): void {
  const example = { segments: 3, records: 21_000, kept: 0 };
  api.post(
    "/ledger/removals",
    {
      schema: {
        summary: "Remove old records",
        description:
          "Whole segments, oldest first; their hashes stay, so that the rest can be proven.",
        tags: ["ledger"],
        body: Type.Object(
          { before: TimeText, reason: Reason },
          {
            additionalProperties: false,
            examples: [{ before: "2026-01-01T00:00:00Z", reason: "retention of 90 days" }],
          },
        ),
        response: {
          200: Type.Object(
            { segments: Type.Integer(), records: Type.Integer(), kept: Type.Integer() },
            { examples: [example] },
          ),
        },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller, body: { before, reason } }, reply) => {
      const until = timeOf(before) ?? instant(0);
      return answer(
        reply,
        200,
        await pruneLedger(caller.name, until, reason, retention),
        (done) => done,
      );
    },
  );
}

function addErasure(api: Api, { records: { retention } }: Services): void {
  api.post(
    "/ledger/erasures",
    {
      schema: {
        summary: "Erase what is kept about a person",
        description:
          "The name, and free text about them, in this data directory (ask each replica); records keep a token that says nothing, and what comes later is recorded under one that nobody can resolve.",
        tags: ["ledger"],
        body: Type.Object(
          { person: Person, reason: Reason },
          {
            additionalProperties: false,
            examples: [{ person: "jane@example.org", reason: "art. 17" }],
          },
        ),
        response: {
          200: Type.Object(
            { tokens: Type.Array(Type.String()) },
            { examples: [{ tokens: ["per_5f0c"] }] },
          ),
        },
      },
      config: { access: WRITE, idempotent: true },
    },
    async ({ caller: { tenant, name: by }, body: { person, reason } }, reply) => {
      const erased = await erasePerson({ tenant, by }, person, reason, retention);
      return answer(reply, 200, erased, ({ tokens }) => ({ tokens: [...tokens] }));
    },
  );
}

function holdJson({ id, reason, by, at, from, to, person }: LegalHold): Written<typeof HoldJson> {
  return { id, reason, by, at: timeText(at), from: timeText(from), to: timeText(to), person };
}
