/** @see https://docs.anthropic.com/en/api */
import type { RequestHead, WireFamily } from "../../wire.ts";
import { NAME_IN_PATH, splitVersion, versionToSend } from "../base-path.ts";
import { sseCodec } from "../event-codec.ts";
import { createLlmWire } from "../llm-wire.ts";
import { modelOnlyRequest } from "../model-only-request.ts";
import type { Operation, Routing } from "../operation.ts";
import { unknownEndpointWire } from "../../http/http-wire.ts";
import { readMessagesEvents } from "./messages-events.ts";
import { messagesRequest } from "./messages-request.ts";

const messages: Operation = {
  name: "messages",
  bills: "input_and_output",
  usage: "messages",
  request: messagesRequest,
  repeated: new Set(),
  codec: sseCodec,
  readEvents: readMessagesEvents,
};

const countTokens: Operation = {
  ...messages,
  name: "count_tokens",
  bills: "nothing",
  usage: undefined,
  request: modelOnlyRequest,
};

const models: Operation = { ...countTokens, name: "models", request: undefined };

const MODELS = "/models";

export const anthropicWire: WireFamily = createLlmWire(
  { wire: "anthropic", route },
  unknownEndpointWire,
);

function route(head: RequestHead): Routing {
  const { rest } = splitVersion(head.path);
  const operation = operationAt(head.method, rest);
  if (operation === undefined) return { kind: "unknown" };
  const target = `${versionToSend(head.upstream, "/v1")}${rest}${head.query}`;
  const model = rest.startsWith(`${MODELS}/`) ? rest.slice(MODELS.length + 1) : undefined;
  return { kind: "known", endpoint: { operation, target, model, stream: false } };
}

function operationAt(method: string, rest: string): Operation | undefined {
  if (method === "POST") {
    if (rest === "/messages") return messages;
    return rest === "/messages/count_tokens" ? countTokens : undefined;
  }
  if (method !== "GET") return undefined;
  if (rest === MODELS) return models;
  const named = rest.startsWith(`${MODELS}/`) && NAME_IN_PATH.test(rest.slice(MODELS.length + 1));
  return named ? models : undefined;
}
