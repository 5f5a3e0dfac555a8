import { createEventWatch, type EventWatch } from "../../operations/records/watch-event.ts";
import type { OpenDialect } from "../dialect.ts";
import { createDialectApi, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { approvalRoutes } from "./approval-routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { callRoutes } from "./call-routes.ts";
import { createPolicyBook, type PolicyBook } from "./policy-book.ts";
import { keyRoutes } from "./key-routes.ts";
import { metricsRoutes } from "./metrics-routes.ts";
import { paymentRoutes } from "./payment-routes.ts";
import { policyRoutes } from "./policy-routes.ts";
import { secretRoutes } from "./secret-routes.ts";
import { serviceRoutes } from "./service-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { upstreamRoutes } from "./upstream-routes.ts";
import { usageRoutes } from "./usage-routes.ts";
import { webhookRoutes } from "./webhook-routes.ts";
import { wordingOf } from "./wording.ts";

/** What routes are written from. */
export interface HaldirParts {
  readonly core: DialectCore;
  readonly book: PolicyBook;
  readonly watch: EventWatch;
}

const ROUTES: readonly ((api: DialectApi, parts: HaldirParts) => void)[] = [
  serviceRoutes,
  keyRoutes,
  sessionRoutes,
  secretRoutes,
  paymentRoutes,
  auditRoutes,
  usageRoutes,
  approvalRoutes,
  webhookRoutes,
  upstreamRoutes,
  callRoutes,
  policyRoutes,
  metricsRoutes,
];

export async function openHaldir(core: DialectCore): Promise<OpenDialect> {
  const api = createDialectApi(core, wordingOf(core));
  const { index, recording } = core.records;
  const watch = createEventWatch({ index, now: recording.now });
  const parts = { core, book: createPolicyBook(core), watch };
  for (const add of ROUTES) add(api, parts);
  await api.ready();
  return {
    serve: (request, response) => api.routing(request, response),
    close: () => api.close(),
  };
}
