/** `/core/v1`: /session-marks: what binds sessions because of what they have read. */
import { Type } from "typebox";
import {
  clearMarks,
  showMarks,
  type MarkedSession,
} from "../../operations/identity/clear-marks.ts";
import type { Api } from "./api.ts";
import { AgentName, type Written } from "./fields.ts";
import { answer } from "./problem.ts";
import type { Services } from "./services.ts";

const EXAMPLE = {
  agent: "support-bot",
  session: "support-bot/default",
  marks: ["sensitive", "untrusted"],
};

const MarksJson = Type.Object(
  { agent: Type.String(), session: Type.String(), marks: Type.Array(Type.String()) },
  { examples: [EXAMPLE] },
);

const WHICH = Type.Object(
  {
    agent: AgentName,
    session: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "As the agent names it; without it the session of calls that name none.",
      }),
    ),
  },
  { additionalProperties: false },
);

const READ = { role: "viewer", scope: "sessions:read" } as const;
const WRITE = { role: "compliance_officer", scope: "sessions:write" } as const;

export function markRoutes(api: Api, { identity: { ports, sessions } }: Services): void {
  api.get(
    "/session-marks",
    {
      schema: {
        summary: "What a session is marked with",
        tags: ["sessions"],
        querystring: WHICH,
        response: { 200: MarksJson },
      },
      config: { access: READ },
    },
    async ({ caller, query: { agent, session } }, reply) =>
      answer(reply, 200, await showMarks(caller, { agent, session }, sessions), marksJson),
  );
  api.delete(
    "/session-marks",
    {
      schema: {
        summary: "Take a session's marks off",
        description: "Answers with what they were. In force at every replica, and on the ledger.",
        tags: ["sessions"],
        querystring: WHICH,
        response: { 200: MarksJson },
      },
      config: { access: WRITE },
    },
    async ({ caller, query: { agent, session } }, reply) =>
      answer(reply, 200, await clearMarks(caller, { agent, session }, sessions, ports), marksJson),
  );
}

export function marksJson({ agent, session, marks }: MarkedSession): Written<typeof MarksJson> {
  return { agent, session, marks: marks.toSorted() };
}
