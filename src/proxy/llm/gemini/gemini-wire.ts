/** @see https://ai.google.dev/api/all-methods */
import { serviceTier } from "../../../core/money/service-tier.ts";
import type { RequestHead, WireFamily } from "../../wire.ts";
import { splitVersion, versionToSend } from "../base-path.ts";
import { sseCodec } from "../event-codec.ts";
import { createLlmWire } from "../llm-wire.ts";
import type { Operation, Routing } from "../operation.ts";
import { unknownEndpointWire } from "../../http/http-wire.ts";
import { readGenerateEvents } from "./generate-events.ts";
import { generateRequest, pathModelRequest } from "./generate-request.ts";
import { readGeminiQuery } from "./gemini-query.ts";

const generate: Operation = {
  name: "generate",
  bills: "input_and_output",
  usage: "generate",
  request: generateRequest,
  repeated: new Set(),
  codec: sseCodec,
  readEvents: readGenerateEvents,
};

const embeddings: Operation = {
  ...generate,
  name: "embeddings",
  bills: "input",
  request: pathModelRequest,
};

const countTokens: Operation = {
  ...generate,
  name: "count_tokens",
  bills: "nothing",
  usage: undefined,
  request: pathModelRequest,
};

const models: Operation = { ...countTokens, name: "models", request: undefined };

const METHODS = new Map<string, Operation>([
  ["generateContent", generate],
  ["streamGenerateContent", generate],
  ["embedContent", embeddings],
  ["batchEmbedContents", embeddings],
  ["countTokens", countTokens],
]);

const VERSION_DEFAULT = "/v1beta";
const CALLED = /^\/(models|tunedModels)\/([\w.@-]+):([A-Za-z]+)$/;
const LISTED = /^\/models(?:\/([\w.@-]+))?$/;

export const geminiWire: WireFamily = createLlmWire({ wire: "gemini", route }, unknownEndpointWire);

function route(head: RequestHead): Routing {
  const { version, rest } = splitVersion(head.path);
  const query = readGeminiQuery(head.query);
  const place = versionToSend(head.upstream, version === "" ? VERSION_DEFAULT : version);
  if (head.method === "GET") {
    const listed = LISTED.exec(rest);
    if (listed === null) return { kind: "unknown" };
    if (query.kind === "problem") return query;
    const target = `${place}${rest}${query.text}`;
    return {
      kind: "known",
      endpoint: { operation: models, target, model: listed[1], stream: false },
    };
  }
  const called = head.method === "POST" ? CALLED.exec(rest) : null;
  const [, family = "", name = "", method = ""] = called ?? [];
  const operation = METHODS.get(method);
  if (operation === undefined) return { kind: "unknown" };
  if (query.kind === "problem") return query;
  if (head.headers["x-goog-fieldmask"] !== undefined) {
    return { kind: "problem", message: "a field mask could leave the bill out of the answer" };
  }
  const stream = method === "streamGenerateContent";
  if (stream && !query.events) {
    const message = "a streamed answer can be judged only as events: add ?alt=sse";
    return { kind: "problem", message };
  }
  const model = family === "models" ? name : `${family}/${name}`;
  return {
    kind: "known",
    endpoint: {
      operation,
      target: `${place}${rest}${query.text}`,
      model,
      aroundModel: { before: `${place}/models/`, after: `:${method}${query.text}` },
      stream,
      // Vertex's way to ask for another price list.
      tier: serviceTier(head.headers["x-vertex-ai-llm-shared-request-type"]),
    },
  };
}
