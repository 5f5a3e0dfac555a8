/**
 * A dialect's server: callers, idempotency and errors are the same everywhere and only written in
 * its own words.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyTypeProvider,
} from "fastify";
import type { Static, TSchema } from "typebox";
import type { Fault } from "../core/fault.ts";
import { EVERYBODY, mayCall, type Caller, type Needs } from "../core/identity/caller.ts";
import { newId } from "../lib/ids.ts";
import { impossible } from "../lib/impossible.ts";
import { answerOnce, type Turn } from "../operations/answer-once.ts";
import type { DialectCore } from "./dialect-core.ts";

interface TypeBoxProvider extends FastifyTypeProvider {
  readonly validator: this["schema"] extends TSchema ? Static<this["schema"]> : unknown;
  readonly serializer: unknown;
}

export type DialectApi = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxProvider
>;

/** The words of one dialect. */
export interface Wording {
  /** What a fault looks like: its status, headers and body. */
  fail(reply: FastifyReply, fault: Fault, request: FastifyRequest): FastifyReply;
  /** The credential that was shown, in any header that the dialect documents. */
  credentialOf(request: FastifyRequest): string | undefined;
  /** After the caller is known: a plan's limits, headers. A fault ends the request. */
  admit?(caller: Caller, request: FastifyRequest, reply: FastifyReply): Promise<Fault | undefined>;
}

const BODY_BYTES_MAX = 4_194_304;
/** Of a name in a path; longer ones the routes refuse in their own words. */
const PARAM_CHARS_MAX = 4_096;

const NOBODY: Fault = {
  code: "unauthenticated",
  detail: "Missing, invalid or revoked API key.",
};
const FAILED: Fault = { code: "unavailable", detail: "Sallyport failed on this request." };

const callers = new WeakMap<FastifyRequest, Caller>();
const provisional = new WeakSet<FastifyRequest>();

/** What is answered is not the last word: the same request asked again is looked at again. */
export function notTheLastWord(request: FastifyRequest): void {
  provisional.add(request);
}

/** Who asks, on a route that answers `anonymous` callers too. */
export function callerIfAny(request: FastifyRequest): Caller | undefined {
  return callers.get(request);
}

/** Who asks. Throws on a route whose config says `public: true`: nobody was proven there. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error("this route has no caller");
  return caller;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Of a dialect: nobody needs a credential. */
    public?: boolean;
    /** Of a dialect: nobody needs a credential, but one that is shown must be right. */
    anonymous?: boolean;
    /** Of a dialect: what a caller must have. */
    needs?: Needs;
  }
}

/** Routes are added by the dialect; `ready()` is its to call. */
export function createDialectApi(core: DialectCore, wording: Wording): DialectApi {
  const api: DialectApi = fastify({
    logger: false,
    trustProxy: [...core.trustedProxies],
    bodyLimit: BODY_BYTES_MAX,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: true } },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAM_CHARS_MAX },
    // A path that cannot be read; before any hook.
    frameworkErrors: (_error, request, reply) =>
      void wording.fail(reply, { code: "invalid", detail: "The path cannot be read." }, request),
    genReqId: ({ headers }) =>
      sentId(headers["x-request-id"]) ?? newId("req", core.identity.ports.now()),
  }).withTypeProvider<TypeBoxProvider>();
  api.setSerializerCompiler(() => (data) => JSON.stringify(data));
  takeEmptyBodies(api);
  proveCallers(api, core, wording);
  answerOnlyOnce(api, core, wording);
  api.setNotFoundHandler((request, reply) =>
    wording.fail(reply, { code: "not_found", detail: "Not found" }, request),
  );
  api.setErrorHandler((error: FastifyError, request, reply) => {
    const fault = faultOf(error);
    if (fault === FAILED) core.vitals.failed(error);
    return wording.fail(reply, fault, request);
  });
  return api;
}

/** Where every member of a body may be left out, so may the body. */
function takeEmptyBodies(api: DialectApi): void {
  api.removeContentTypeParser("text/plain");
  const parse = api.getDefaultJsonParser("error", "error");
  api.addContentTypeParser<string>(
    "application/json",
    { parseAs: "string" },
    (request, body, told) =>
      body === "" ? told(null, undefined) : void parse(request, body, told),
  );
  api.addHook("preValidation", async (request) => {
    if (request.method === "POST") request.body ??= {};
  });
}

/** A client's own name for its request, where that can be written back. */
function sentId(id: string | string[] | undefined): string | undefined {
  return typeof id === "string" && /^[\x21-\x7e]{1,128}$/u.test(id) ? id : undefined;
}

function faultOf(error: FastifyError): Fault {
  const misfits = misfitsIn(error);
  const [first] = misfits.keys();
  if (first !== undefined) {
    const detail = [...misfits.values()].slice(0, MISFITS_TOLD_MAX).join("; ");
    return { code: "invalid", detail, pointer: first };
  }
  const { statusCode = 500, message } = error;
  if (statusCode === UNSUPPORTED_MEDIA) return NO_JSON;
  return statusCode >= 400 && statusCode < 500 ? { code: "invalid", detail: message } : FAILED;
}

const MISFITS_TOLD_MAX = 8;

/** What does not fit the schema, by its place: the first sentence for each. */
function misfitsIn({ validation = [] }: FastifyError): ReadonlyMap<string, string> {
  const misfits = new Map<string, string>();
  for (const { instancePath, message = "is wrong", params } of validation) {
    const missing = params["missingProperty"];
    const member = typeof missing === "string" ? `/${missing}` : "";
    const pointer = `${instancePath}${member}`;
    if (misfits.has(pointer)) continue;
    const where = pointer.slice(1).replaceAll("/", ".");
    const wrong = member === "" ? (oneOf(params["allowedValues"]) ?? message) : "is required";
    misfits.set(pointer, where === "" ? `The request ${wrong}` : `${where}: ${wrong}`);
  }
  return misfits;
}

const UNSUPPORTED_MEDIA = 415;
const NO_JSON: Fault = {
  code: "invalid",
  detail: "The body must be JSON: send content-type: application/json",
};

function oneOf(values: unknown): string | undefined {
  return Array.isArray(values) ? `must be one of ${values.join(", ")}` : undefined;
}

function proveCallers(api: DialectApi, core: DialectCore, wording: Wording): void {
  api.addHook("onRequest", async (request, reply) => {
    void reply.header("x-request-id", request.id);
    const { public: isPublic, anonymous, needs } = request.routeOptions.config;
    if (isPublic === true || request.is404) return undefined;
    const credential = wording.credentialOf(request);
    if (credential === undefined && core.open) {
      callers.set(request, EVERYBODY);
      return undefined;
    }
    if (credential === undefined) {
      return anonymous === true ? undefined : wording.fail(reply, NOBODY, request);
    }
    const proven = await core.identity.authenticate(credential);
    if (proven.kind === "fault")
      return wording.fail(reply, { ...NOBODY, ...coded(proven.fault) }, request);
    callers.set(request, proven.value);
    const fault = await wording.admit?.(proven.value, request, reply);
    if (fault !== undefined) return wording.fail(reply, fault, request);
    if (needs === undefined || mayCall(proven.value, needs)) return undefined;
    const detail = `This needs the role ${needs.role} and the scope ${needs.scope}.`;
    return wording.fail(reply, { code: "forbidden", detail }, request);
  });
}

/** A wrong credential is told in the dialect's own sentence. */
function coded(fault: Fault): Partial<Fault> {
  return fault.code === "unauthenticated" ? {} : fault;
}

/** Every POST, because the systems that honour the header honour it everywhere. */
function answerOnlyOnce(api: DialectApi, { identity }: DialectCore, wording: Wording): void {
  const begun = new WeakMap<FastifyRequest, Extract<Turn, { kind: "first" }>>();
  api.addHook("preHandler", async (request, reply) => {
    const key = request.headers["idempotency-key"];
    const caller = callers.get(request);
    if (request.method !== "POST" || typeof key !== "string" || caller === undefined) {
      return undefined;
    }
    const { url, body } = request;
    const route = request.routeOptions.url ?? url;
    const credential = wording.credentialOf(request);
    const turn = await answerOnce({ key, caller, credential, route, url, body }, identity.ports);
    switch (turn.kind) {
      case "first":
        begun.set(request, turn);
        return undefined;
      case "again":
        void reply.code(turn.status).header("idempotency-replayed", "true");
        return reply.type("application/json").send(turn.body);
      case "fault":
        return wording.fail(reply, turn.fault, request);
      default:
        return impossible(turn);
    }
  });
  api.addHook("onSend", async (request, reply, payload) => {
    const text = typeof payload === "string" ? payload : "";
    const turn = begun.get(request);
    await (provisional.has(request) ? turn?.forget() : turn?.finish(reply.statusCode, text));
    return payload;
  });
}
