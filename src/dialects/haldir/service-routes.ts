import type { DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";

const ENDPOINTS = {
  sessions: "/v1/sessions",
  secrets: "/v1/secrets",
  payments: "/v1/payments/authorize",
  audit: "/v1/audit",
  keys: "/v1/keys",
} as const;

export function serviceRoutes(api: DialectApi, { version }: DialectCore): void {
  api.get("/healthz", { config: { public: true } }, () => {
    return { status: "ok", service: "haldir", version };
  });
  api.get("/v1", { config: { public: true } }, ({ host }) => {
    return { service: "haldir", version, docs: `http://${host}/docs`, endpoints: ENDPOINTS };
  });
}
