/**
 * OpenAI, Azure OpenAI, and every server that speaks their language.
 *
 * @see https://platform.openai.com/docs/api-reference
 * @see https://learn.microsoft.com/azure/ai-services/openai/reference
 */
import { sseCodec } from "../event-codec.ts";
import { createLlmWire } from "../llm-wire.ts";
import { NAME_IN_PATH, splitVersion, versionToSend } from "../base-path.ts";
import { modelOnlyRequest } from "../model-only-request.ts";
import type { Endpoint, Operation, Routing } from "../operation.ts";
import { unknownEndpointWire } from "../../http/http-wire.ts";
import type { RequestHead, WireFamily } from "../../wire.ts";
import { readChatEvents } from "./chat-events.ts";
import { chatRequest, completionsRequest } from "./chat-request.ts";
import { readResponsesEvents } from "./responses-events.ts";
import { responsesRequest } from "./responses-request.ts";

const NOTHING_REPEATED: ReadonlySet<string> = new Set();

const chat: Operation = {
  name: "chat",
  bills: "input_and_output",
  usage: "chat",
  request: chatRequest,
  repeated: NOTHING_REPEATED,
  codec: sseCodec,
  readEvents: readChatEvents,
};

const completions: Operation = {
  ...chat,
  name: "completions",
  usage: "completions",
  request: completionsRequest,
};

const embeddings: Operation = {
  ...chat,
  name: "embeddings",
  bills: "input",
  usage: "embeddings",
  request: modelOnlyRequest,
};

const models: Operation = {
  ...chat,
  name: "models",
  bills: "nothing",
  usage: undefined,
  request: undefined,
};

const responses: Operation = {
  name: "responses",
  bills: "input_and_output",
  usage: "responses",
  request: responsesRequest,
  repeated: new Set(["instructions", "tools", "tool_choice", "text", "prompt", "metadata", "user"]),
  codec: sseCodec,
  readEvents: readResponsesEvents,
};

const POSTED = new Map<string, Operation>([
  ["/chat/completions", chat],
  ["/completions", completions],
  ["/embeddings", embeddings],
  ["/responses", responses],
]);

const AZURE_DEPLOYMENT = /^\/deployments\/([^/]+)(\/[a-z/]+)$/;
const MODELS = "/models";

export const openaiWire: WireFamily = createLlmWire({ wire: "openai", route }, unknownEndpointWire);

function route(head: RequestHead): Routing {
  const outer = splitVersion(head.path);
  const azure = outer.rest.startsWith("/openai/");
  const { version, rest } = azure ? splitVersion(outer.rest.slice("/openai".length)) : outer;
  const base = azure && !head.upstream.pathPrefix.split("/").includes("openai") ? "/openai" : "";

  const deployment = azure && version === "" ? AZURE_DEPLOYMENT.exec(rest) : null;
  if (deployment !== null) return deployed(head, base, deployment);

  // Azure's dated API (`?api-version=…`) has no version in its path.
  const wanted = azure ? version : "/v1";
  const place = `${base}${versionToSend(head.upstream, wanted)}`;
  const operation = operationAt(head.method, rest);
  if (operation === undefined) return { kind: "unknown" };
  const model = rest.startsWith(`${MODELS}/`) ? rest.slice(MODELS.length + 1) : undefined;
  return known(operation, `${place}${rest}${head.query}`, model);
}

function operationAt(method: string, rest: string): Operation | undefined {
  if (method === "POST") return POSTED.get(rest);
  if (method !== "GET") return undefined;
  if (rest === MODELS) return models;
  const named = rest.startsWith(`${MODELS}/`) && NAME_IN_PATH.test(rest.slice(MODELS.length + 1));
  return named ? models : undefined;
}

/** Azure serves the deployment of the path, whatever model the body names. */
function deployed(head: RequestHead, base: string, match: RegExpExecArray): Routing {
  const [, deployment = "", endpoint = ""] = match;
  const operation = head.method === "POST" ? POSTED.get(endpoint) : undefined;
  if (operation === undefined || !NAME_IN_PATH.test(deployment)) return { kind: "unknown" };
  const aroundModel = { before: `${base}/deployments/`, after: `${endpoint}${head.query}` };
  const target = `${aroundModel.before}${deployment}${aroundModel.after}`;
  return {
    kind: "known",
    endpoint: { operation, target, model: deployment, aroundModel, stream: false },
  };
}

function known(operation: Operation, target: string, model: string | undefined): Routing {
  const endpoint: Endpoint = { operation, target, model, stream: false };
  return { kind: "known", endpoint };
}
