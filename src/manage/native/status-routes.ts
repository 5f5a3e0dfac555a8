/** `/core/v1`: /status: how the gate stands. */
import { Type } from "typebox";
import type { Api } from "./api.ts";
import type { Services } from "./services.ts";

const Counts = Type.Record(Type.String(), Type.Integer());

const EXAMPLE = {
  version: "0.1.0",
  started_at: "2026-11-21T06:00:00.000Z",
  ready: true,
  listen: "http://127.0.0.1:4100",
  policy: { digest: "5f2c…", rules: 12, problems: [] },
  ledger: { healthy: true },
  upstreams: [
    {
      name: "openai",
      wire: "openai",
      origin: "https://api.openai.com",
      exchanges: { completed: 41, refused: 2 },
      findings: {},
      cost_usd: "0.120450000",
    },
  ],
};

const StatusJson = Type.Object(
  {
    version: Type.String(),
    started_at: Type.String({ format: "date-time" }),
    ready: Type.Boolean(),
    listen: Type.String(),
    policy: Type.Object({
      digest: Type.String(),
      rules: Type.Integer(),
      problems: Type.Array(Type.String()),
    }),
    ledger: Type.Object({ healthy: Type.Boolean() }),
    upstreams: Type.Array(
      Type.Object({
        name: Type.String(),
        wire: Type.String(),
        origin: Type.String(),
        exchanges: Counts,
        findings: Counts,
        cost_usd: Type.String({ description: "Exact to the nano-dollar." }),
      }),
    ),
  },
  { examples: [EXAMPLE] },
);

export function statusRoutes(api: Api, { vitals }: Services): void {
  api.get(
    "/status",
    {
      schema: { summary: "How the gate stands", tags: ["status"], response: { 200: StatusJson } },
      config: { access: "public" },
    },
    () => vitals.status(),
  );
}
