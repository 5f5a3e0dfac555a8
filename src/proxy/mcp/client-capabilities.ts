/**
 * What a client says that it can do, without what policy would not let a server ask of it: a server
 * that is not told does not ask, and does not wait for an answer either.
 */
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { setMemberAt } from "../set-members.ts";
import type { RpcMessage } from "./rpc-message.ts";
import { ASKED_BY_CAPABILITY, type ServerQuestions } from "./server-questions.ts";

export const CLIENT_CAPABILITIES_META_KEY = "io.modelcontextprotocol/clientCapabilities";

/** The message's text without them; the same text where nothing has to go. */
export function withoutDeniedCapabilities(
  text: string,
  message: RpcMessage,
  questions: ServerQuestions,
): string {
  if (message.kind === "response") return text;
  const place = placeOf(message.method, message.params);
  if (place === undefined) return text;
  const kept = Object.entries(place.capabilities).filter(([name]) => {
    const method = methodOf(name);
    return method === undefined || questions.mayBeAsked(method);
  });
  if (kept.length === Object.keys(place.capabilities).length) return text;
  return setMemberAt(text, message.json, place.path, JSON.stringify(Object.fromEntries(kept)));
}

/** Whether the answer to this message may be a question (stateless era: `input_required`). */
export function invitesQuestions(message: RpcMessage): boolean {
  if (message.kind !== "request" || message.method === "initialize") return false;
  const place = placeOf(message.method, message.params);
  if (place === undefined) return false;
  return Object.keys(place.capabilities).some((name) => methodOf(name) !== undefined);
}

function methodOf(capability: string): string | undefined {
  switch (capability) {
    case "sampling":
    case "elicitation":
      return ASKED_BY_CAPABILITY[capability];
    default:
      return undefined;
  }
}

interface Place {
  readonly path: readonly string[];
  readonly capabilities: JsonObject;
}

/** Once in the era of sessions, with each request in the stateless one. */
function placeOf(method: string, params: JsonObject | undefined): Place | undefined {
  if (method === "initialize") {
    const capabilities = params?.["capabilities"];
    if (!isJsonObject(capabilities)) return undefined;
    return { path: ["params", "capabilities"], capabilities };
  }
  const meta = params?.["_meta"];
  const capabilities = isJsonObject(meta) ? meta[CLIENT_CAPABILITIES_META_KEY] : undefined;
  if (!isJsonObject(capabilities)) return undefined;
  return { path: ["params", "_meta", CLIENT_CAPABILITIES_META_KEY], capabilities };
}
