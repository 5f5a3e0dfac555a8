/** Haldir's API: sessions, secrets, payments, audit, approvals, webhooks and a proxy for MCP. */
import type { Dialect } from "../dialect.ts";

export const haldir: Dialect = {
  name: "haldir",
  owns: (path) => path === "/healthz" || path === "/v1" || path.startsWith("/v1/"),
  open: async (core) => (await import("./haldir-api.ts")).openHaldir(core),
};
