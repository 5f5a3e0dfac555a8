/** The dialect of Sanction: all its routes under one API. */
import type { OpenDialect } from "../dialect.ts";
import { createDialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { agentRoutes } from "./agent-routes.ts";
import { authorizeRoutes } from "./authorize-routes.ts";
import { executionRoutes } from "./execution-routes.ts";
import { statsRoutes } from "./stats-routes.ts";
import { tokenRoutes } from "./token-routes.ts";
import { vaultRoutes } from "./vault-routes.ts";
import { walletRoutes } from "./wallet-routes.ts";
import { refuseMisfits, WORDING } from "./wording.ts";

export async function openSanction(core: DialectCore): Promise<OpenDialect> {
  const api = createDialectApi(core, WORDING);
  api.addHook("onRequest", refuseMisfits);
  walletRoutes(api, core);
  agentRoutes(api, core);
  authorizeRoutes(api, core);
  tokenRoutes(api, core);
  executionRoutes(api, core);
  vaultRoutes(api, core);
  statsRoutes(api, core);
  await api.ready();
  return {
    serve: (request, response) => api.routing(request, response),
    close: () => api.close(),
  };
}
