/**
 * `/core/v1`: built with the first request to it, because its schemas cost memory and half a second
 * that the data plane must not pay. A resource is a file of routes and a line in `ROUTES`.
 */
import swagger from "@fastify/swagger";
import fastify, { type FastifyError } from "fastify";
import { agentRoutes } from "./agent-routes.ts";
import { markRoutes } from "./mark-routes.ts";
import { allowedMethods } from "./allowed-methods.ts";
import { loginRoutes } from "./login-routes.ts";
import { policyRoutes } from "./policy-routes.ts";
import { overrideRoutes } from "./override-routes.ts";
import { reviewLinkRoutes } from "./review-link-routes.ts";
import { reviewRequestRoutes } from "./review-request-routes.ts";
import { reviewRoutes } from "./review-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { stopRoutes } from "./stop-routes.ts";
import { tenantRoutes } from "./tenant-routes.ts";
import { tokenRoutes, wellKnownRoutes } from "./token-routes.ts";
import { userRoutes } from "./user-routes.ts";
import { budgetRoutes } from "./budget-routes.ts";
import { usageRoutes } from "./usage-routes.ts";
import { upstreamRoutes } from "./upstream-routes.ts";
import { bundleRoutes } from "./bundle-routes.ts";
import { decisionRoutes } from "./decision-routes.ts";
import { simulationRoutes } from "./simulation-routes.ts";
import { erasureRoutes } from "./erasure-routes.ts";
import { retentionRoutes } from "./retention-routes.ts";
import { evidenceRoutes } from "./evidence-routes.ts";
import { ledgerRoutes } from "./ledger-routes.ts";
import { liveEventRoutes } from "./live-event-routes.ts";
import { inspectRoutes } from "./inspect-routes.ts";
import { STATUS_CODES } from "../../lib/node-http.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import { complaintOf, pathComplaint } from "./complaint.ts";
import { StoreUnreachable } from "../../core/identity/directory-store.ts";
import type { Api, TypeBoxProvider } from "./api.ts";
import { requireCallers } from "./authentication.ts";
import { sparingly } from "./etag.ts";
import { DOCS_HEADERS, docsPage } from "./docs-page.ts";
import { honourIdempotencyKeys } from "./idempotency.ts";
import { linkRoutes } from "./link-routes.ts";
import { oidcRoutes } from "./oidc-routes.ts";
import { quotaRoutes } from "./quota-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { ProblemJson, sendFault, sendProblem } from "./problem.ts";
import { applyRouteRules } from "./route-rules.ts";
import { secretRoutes } from "./secret-routes.ts";
import type { Services } from "./services.ts";
import { statusRoutes } from "./status-routes.ts";
import { subscriptionRoutes } from "./subscription-routes.ts";

/** Longest request body: policies are the largest things sent here. */
const BODY_BYTES_MAX = 4_194_304;
/** Of a name in a path; longer ones the routes refuse in their own words. */
const PARAM_CHARS_MAX = 4_096;

const UNSUPPORTED_MEDIA = 415;
const NO_JSON = "Bodies are JSON: send `content-type: application/json`.";

type Routes = (api: Api, services: Services) => void;

const ROUTES: readonly Routes[] = [
  statusRoutes,
  loginRoutes,
  oidcRoutes,
  linkRoutes,
  tenantRoutes,
  keyRoutes,
  quotaRoutes,
  agentRoutes,
  userRoutes,
  sessionRoutes,
  markRoutes,
  tokenRoutes,
  stopRoutes,
  budgetRoutes,
  usageRoutes,
  reviewRoutes,
  secretRoutes,
  subscriptionRoutes,
  reviewRequestRoutes,
  reviewLinkRoutes,
  overrideRoutes,
  policyRoutes,
  decisionRoutes,
  bundleRoutes,
  simulationRoutes,
  upstreamRoutes,
  inspectRoutes,
  ledgerRoutes,
  evidenceRoutes,
  retentionRoutes,
  erasureRoutes,
  liveEventRoutes,
];

/** Ready to serve by `api.routing`; it listens nowhere itself. */
export async function createNativeApi(services: Services): Promise<Api> {
  const api = fastify({
    logger: false,
    trustProxy: [...services.trustedProxies],
    bodyLimit: BODY_BYTES_MAX,
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        allErrors: true,
        verbose: true,
      },
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAM_CHARS_MAX },
    frameworkErrors: (error, _request, reply) =>
      void sendFault(reply, { code: "invalid", detail: pathComplaint(error) }),
  }).withTypeProvider<TypeBoxProvider>();
  // What handlers send is typed; a second schema-driven writer would drop what it does not know.
  api.setSerializerCompiler(() => (data) => JSON.stringify(data));
  api.addSchema(ProblemJson);
  await api.register(swagger, {
    openapi: document(services),
    refResolver: { buildLocalReference },
  });
  api.addHook("onRoute", applyRouteRules);
  readJsonStrictly(api);
  answerStrayRequests(api);
  answerErrors(api, services);
  requireCallers(api, services);
  honourIdempotencyKeys(api, services.identity.ports);
  api.addHook("onSend", sparingly);
  await api.register(
    async (routes: Api) => {
      for (const add of ROUTES) add(routes, services);
    },
    { prefix: "/core/v1" },
  );
  wellKnownRoutes(api, services);
  api.get("/openapi.json", { schema: { hide: true }, config: { access: "public" } }, () =>
    api.swagger(),
  );
  api.get("/docs", { schema: { hide: true }, config: { access: "public" } }, (_request, reply) =>
    reply.headers(DOCS_HEADERS).send(docsPage(api.swagger(), services.identity.publicUrl)),
  );
  await api.ready();
  return api;
}

function document({ version }: Services) {
  return {
    openapi: "3.1.0",
    info: {
      title: "Sallyport",
      version,
      description: "The native management API. Errors are RFC 9457 problem documents.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "Key, login session or JWT." },
        api_key: { type: "apiKey", in: "header", name: "x-api-key" },
      },
    },
  } as const;
}

/** Schemas with an `$id` keep it as their name in the document. */
function buildLocalReference(
  schema: { readonly $id?: unknown },
  _base: unknown,
  _path: unknown,
  index: number,
): string {
  return typeof schema.$id === "string" ? schema.$id : `Schema${index}`;
}

/** What two readers could read differently is refused, with its place. */
function readJsonStrictly(api: Api): void {
  // It also refuses `__proto__`, which is no member that anybody means.
  const parse = api.getDefaultJsonParser("error", "error");
  api.removeContentTypeParser(["application/json", "text/plain"]);
  api.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, parsed) => {
    const coding = request.headers["content-encoding"];
    if (coding !== undefined && coding !== "identity") {
      const error = new Error("Send the body as it is, without a Content-Encoding.");
      return parsed(Object.assign(error, { statusCode: UNSUPPORTED_MEDIA }));
    }
    const read = parseStrictJson(typeof body === "string" ? Buffer.from(body) : body);
    if (read.kind === "ok") return parse(request, read.text, parsed);
    const { message, line, column } = read;
    const place = line === undefined ? "" : ` (line ${line}, column ${column})`;
    const error = new Error(`The body cannot be read as JSON: ${message}${place}.`);
    return parsed(Object.assign(error, { statusCode: 400 }));
  });
}

/** What no route takes: the path is unknown, or only the method is (RFC 9110 §15.5.6). */
function answerStrayRequests(api: Api): void {
  const allowed = allowedMethods(api);
  api.setNotFoundHandler(({ method, url }, reply) => {
    const [path = ""] = url.split("?", 1);
    const methods = allowed(path).join(", ");
    if (methods === "") {
      const detail = `There is no ${method} ${path}; /docs shows what there is.`;
      return sendFault(reply, { code: "not_found", detail });
    }
    const detail = `${path} takes ${methods}; /docs shows what for.`;
    const title = "Method Not Allowed";
    void reply.header("allow", methods);
    return sendProblem(reply, { status: 405, title, code: "method_not_allowed", detail });
  });
}

function answerErrors(api: Api, { vitals }: Services): void {
  api.setErrorHandler((error: FastifyError, _request, reply) => {
    const { validation, statusCode = 500, message } = error;
    if (validation !== undefined) {
      const errors = validation.map((found) => complaintOf(found, error.validationContext));
      const detail = errors[0]?.detail ?? message;
      const problem = { status: 400, title: "Bad Request", code: "invalid", detail, errors };
      return sendProblem(reply, problem);
    }
    if (statusCode >= 400 && statusCode < 500) {
      const title = STATUS_CODES[statusCode] ?? "Bad Request";
      const detail = error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE" ? NO_JSON : message;
      return sendProblem(reply, { status: statusCode, title, code: "invalid", detail });
    }
    vitals.failed(error);
    if (error instanceof StoreUnreachable) {
      return sendFault(reply, { code: "unavailable", detail: "The directory cannot be reached." });
    }
    const detail = "Sallyport failed on this request; see its log.";
    return sendProblem(reply, {
      status: 500,
      title: "Internal Server Error",
      code: "internal",
      detail,
    });
  });
}
