/**
 * Amazon Bedrock's runtime: Converse, InvokeModel and their streams.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
 */
import { serviceTier, type ServiceTier } from "../../../core/money/service-tier.ts";
import { unknownEndpointWire } from "../../http/http-wire.ts";
import type { RequestHead, WireFamily } from "../../wire.ts";
import { createLlmWire } from "../llm-wire.ts";
import { modelOnlyRequest } from "../model-only-request.ts";
import type { Operation, Routing } from "../operation.ts";
import { loadAwsEventCodec, type AwsEventCodec } from "./aws-event-codec.ts";
import { readConverseEvents } from "./converse-events.ts";
import { converseRequest } from "./converse-request.ts";
import { readInvokeEvents } from "./invoke-events.ts";
import { invokeRequest } from "./invoke-request.ts";

const CALLED = /^\/model\/([^/]+)\/([a-z-]+)$/;
const MODEL_ID = /^[a-zA-Z0-9_.:/-]{1,2048}$/;
/** Names of one model in an account's words; what stands behind other ARNs nobody here knows. */
const MODEL_ARN = /^arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:(?:foundation-model|inference-profile)\//;
const EMBEDS = /embed|rerank/;

export async function loadBedrockWire(): Promise<WireFamily> {
  const operations = operationsOf(await loadAwsEventCodec());
  return createLlmWire(
    { wire: "bedrock", route: (head) => route(head, operations) },
    unknownEndpointWire,
  );
}

type Operations = ReturnType<typeof operationsOf>;

function operationsOf(codec: AwsEventCodec) {
  const converse: Operation = {
    name: "converse",
    bills: "input_and_output",
    usage: "converse",
    request: converseRequest,
    repeated: new Set(),
    codec,
    readEvents: () => readConverseEvents(codec),
  };
  const invoke: Operation = {
    ...converse,
    name: "invoke",
    usage: "invoke",
    request: invokeRequest,
    readEvents: () => readInvokeEvents(codec),
  };
  const embeddings: Operation = { ...invoke, name: "embeddings", bills: "input" };
  const countTokens: Operation = {
    ...converse,
    name: "count_tokens",
    bills: "nothing",
    usage: undefined,
    request: modelOnlyRequest,
  };
  return { converse, invoke, embeddings, countTokens };
}

function route(head: RequestHead, operations: Operations): Routing {
  const called = head.method === "POST" ? CALLED.exec(head.path) : null;
  const [, decoded = "", method = ""] = called ?? [];
  const [, name = decoded] = CALLED.exec(head.rawPath) ?? [];
  const place = placeOf(method);
  if (place === undefined) return { kind: "unknown" };
  const model = modelIn(name);
  if (model === undefined) return problem("the model in its path is no model id");
  if (head.query !== "") return problem("its query has a parameter that is not known here");
  const embeds = place.operation === "invoke" && EMBEDS.test(model);
  return {
    kind: "known",
    endpoint: {
      operation: operations[embeds ? "embeddings" : place.operation],
      // As the AWS SDKs write it: the signature covers the path as it is sent.
      target: `/model/${encodeURIComponent(model)}/${method}`,
      model: model.replace(MODEL_ARN, ""),
      aroundModel: { before: "/model/", after: `/${method}` },
      stream: place.stream,
      tier: tierOf(head),
    },
  };
}

function placeOf(
  method: string,
): { readonly operation: keyof Operations; readonly stream: boolean } | undefined {
  switch (method) {
    case "converse":
      return { operation: "converse", stream: false };
    case "converse-stream":
      return { operation: "converse", stream: true };
    case "invoke":
      return { operation: "invoke", stream: false };
    case "invoke-with-response-stream":
      return { operation: "invoke", stream: true };
    case "count-tokens":
      return { operation: "countTokens", stream: false };
    default:
      return undefined;
  }
}

function modelIn(segment: string): string | undefined {
  try {
    const model = decodeURIComponent(segment);
    return MODEL_ID.test(model) ? model : undefined;
  } catch {
    return undefined;
  }
}

/** InvokeModel's body is the model's own, so its price list is named in the head. */
function tierOf({ headers }: RequestHead): ServiceTier | undefined {
  if (headers["x-amzn-bedrock-performanceconfig-latency"] === "optimized") return "fast";
  return serviceTier(headers["x-amzn-bedrock-service-tier"]);
}

function problem(message: string): Routing {
  return { kind: "problem", message };
}
