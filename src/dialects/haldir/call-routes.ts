/** Haldir's `/v1/proxy/tools` and `/v1/proxy/call`: MCP tools called over plain HTTP. */
import { Type } from "typebox";
import type { FastifyReply } from "fastify";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { impossible } from "../../lib/impossible.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { GateRefusal } from "../dialect-core.ts";
import { SessionId } from "./fields.ts";
import { findTool, proxiedTools } from "./find-tool.ts";
import { failAs, meaningOf, tellWait } from "./gate-reply.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { credentialOf, fail } from "./wording.ts";

const CallJson = Type.Object({
  tool: Type.String({ minLength: 1, maxLength: 256 }),
  arguments: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  session_id: SessionId,
});

const NEEDS_KEY = "A tool is called with a key: send one of the agent or of the tenant.";

export function callRoutes(api: DialectApi, { core }: HaldirParts): void {
  api.get(
    "/v1/proxy/tools",
    { config: { needs: { role: "agent", scope: "upstreams:read" } } },
    async (request) => {
      const tools = await proxiedTools(callerOf(request).tenant, core);
      const shown = tools.map(({ name, description = "", upstream }) => {
        return { name, description, upstream };
      });
      return { count: shown.length, tools: shown };
    },
  );
  api.post(
    "/v1/proxy/call",
    { schema: { body: CallJson }, config: { needs: { role: "agent", scope: "calls:write" } } },
    async (request, reply) => {
      const { tool: named, arguments: given = {}, session_id: session } = request.body;
      const credential = credentialOf(request);
      if (credential === undefined) {
        return fail(reply, { code: "unauthenticated", detail: NEEDS_KEY }, request);
      }
      const found = await findTool(callerOf(request).tenant, named, core);
      if (found.kind === "fault") return fail(reply, found.fault, request);
      const args: unknown = given;
      const call = { credential, session, ...found.value, args: isJsonObject(args) ? args : {} };
      const answered = await core.gate.callTool(call);
      if (answered.kind === "refused") return refused(reply, answered.refusal);
      return reply.code(200).send(resultJson(answered.result));
    },
  );
}

/** What the server said; its own errors are its answer. */
function resultJson({ content = [], isError = false, structuredContent }: JsonObject): JsonObject {
  return { content, isError, ...(structuredContent !== undefined && { structuredContent }) };
}

function refused(reply: FastifyReply, refusal: GateRefusal): FastifyReply {
  const meaning = meaningOf(refusal);
  switch (meaning) {
    case "approval_required":
      return reply.code(200).send(said(JSON.stringify(question(refusal)), false));
    case "denied": {
      tellWait(reply, refusal);
      const why = refusal.code === "session_scope" ? NEEDS_SCOPE : refusal.detail;
      return reply.code(403).send({ ...said(why, true), ...about(refusal) });
    }
    case "upstream":
      return reply.code(502).send({ ...said(refusal.detail, true), ...about(refusal) });
    case "unauthenticated":
    case "invalid":
    case "unavailable":
      return failAs(reply, meaning, refusal);
    default:
      return impossible(meaning);
  }
}

/** What the gate names has a word that is none of this API's. */
const NEEDS_SCOPE = "A tool needs the scope read or execute: the session was not opened for it.";

function said(text: string, isError: boolean) {
  return { isError, content: [{ type: "text", text }] };
}

function about({ code, exchange }: GateRefusal) {
  return { code, request_id: exchange };
}

/** Read by the model: it polls the request, and then repeats the call as it is. */
function question({ review, detail }: GateRefusal) {
  return {
    status: "approval_required",
    request_id: review,
    reason: detail,
    message: `Poll GET /v1/approvals/${review ?? ""}; once approved, repeat this call unchanged.`,
  };
}
