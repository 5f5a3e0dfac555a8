/** Holds and erasures as they are shown: what was ordered, and how far each replica has come. */
import { Type } from "typebox";
import type { HoldRecord } from "../../core/ledger/retention.ts";
import type { ReplicaStanding, Standing } from "../../operations/records/retention.ts";
import type { Written } from "./fields.ts";
import { TimeText, timeText } from "./time-text.ts";

const REPLICA_EXAMPLE = {
  replica: "rep_01kamz3v9e3x6v0q2m8r5t7w9y",
  host: "gate-0",
  this: true,
  seen_at: "2026-11-21T06:00:00.000Z",
  state: "placed",
  at: "2026-11-21T06:00:00.000Z",
} as const;

const StandingJson = Type.Object({
  replica: Type.String(),
  host: Type.String(),
  this: Type.Boolean({ description: "The one that answers." }),
  seen_at: TimeText,
  state: Type.Enum(["pending", "placed", "released", "erased", "held"], {
    description:
      "On its ledger: `pending` until it is there again, `held` where a legal hold keeps it.",
  }),
  at: Type.Optional(TimeText),
});

export const HOLD_EXAMPLE = {
  id: "hold_01kamz3v9e3x6v0q2m8r5t7w9y",
  reason: "case 4711",
  by: "alice",
  at: "2026-11-21T06:00:00.000Z",
  from: "2026-10-01T00:00:00.000Z",
  replicas: [REPLICA_EXAMPLE],
};

export const HoldJson = Type.Object(
  {
    id: Type.String(),
    reason: Type.String(),
    by: Type.String(),
    at: TimeText,
    from: Type.Optional(TimeText),
    to: Type.Optional(TimeText),
    person: Type.Optional(Type.String()),
    released_by: Type.Optional(Type.String()),
    released_at: Type.Optional(TimeText),
    replicas: Type.Array(StandingJson),
  },
  { examples: [HOLD_EXAMPLE] },
);

export const ERASURE_EXAMPLE = {
  id: "erasure_5f0c6a31c0de4a5b9c1d2e3f40516273",
  reason: "art. 17",
  by: "alice",
  at: "2026-11-21T06:00:00.000Z",
  tokens: ["per_5f0c"],
  replicas: [{ ...REPLICA_EXAMPLE, state: "erased" as const }],
};

export const ErasureJson = Type.Object(
  {
    id: Type.String(),
    reason: Type.String(),
    by: Type.String(),
    at: TimeText,
    tokens: Type.Array(Type.String(), {
      description: "What this replica's records have in place of what was erased.",
    }),
    replicas: Type.Array(StandingJson),
  },
  { examples: [ERASURE_EXAMPLE] },
);

export function holdJson({ order, replicas }: Standing<"hold">): Written<typeof HoldJson> {
  const { id, createdAt, body } = order;
  const { reason, by, from, to, person, released }: HoldRecord = body;
  return {
    id,
    reason,
    by,
    at: timeText(createdAt),
    from: timeText(from),
    to: timeText(to),
    person,
    released_by: released?.by,
    released_at: timeText(released?.at),
    replicas: replicas.map(standingJson),
  };
}

export function erasureJson({ order, replicas }: Standing<"erasure">): Written<typeof ErasureJson> {
  const { id, createdAt, body } = order;
  const { reason, by } = body;
  const tokens = [...(replicas.find(({ isThis }) => isThis)?.tokens ?? [])];
  return { id, reason, by, at: timeText(createdAt), tokens, replicas: replicas.map(standingJson) };
}

function standingJson(one: ReplicaStanding) {
  const { replica, host, isThis, seenAt, state, at } = one;
  return {
    replica,
    host,
    this: isThis,
    seen_at: timeText(seenAt),
    state,
    ...(at !== undefined && { at: timeText(at) }),
  };
}
