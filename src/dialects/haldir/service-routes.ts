/** What Haldir says of itself: `/healthz` and `/v1`. */
import type { DialectApi } from "../dialect-api.ts";
import type { HaldirParts } from "./haldir-api.ts";

const ENDPOINTS = {
  sessions: "/v1/sessions",
  secrets: "/v1/secrets",
  payments: "/v1/payments/authorize",
  audit: "/v1/audit",
  keys: "/v1/keys",
} as const;

export function serviceRoutes(api: DialectApi, { core: { version } }: HaldirParts): void {
  api.get("/healthz", { config: { public: true } }, () => {
    return { status: "ok", service: "haldir", version };
  });
  api.get("/v1", { config: { public: true } }, ({ host, protocol }) => {
    const docs = `${protocol}://${host}/docs`;
    return { service: "haldir", version, docs, endpoints: ENDPOINTS };
  });
}
