/** Sanction's API: wallets, spend authorization, token budgets, execution tokens, credentials. */
import type { Dialect } from "../dialect.ts";

const ROOT = "/api/v1/";
const SEGMENTS: ReadonlySet<string> = new Set([
  "authorize",
  "tokens",
  "exec",
  "credentials",
  "wallets",
  "agents",
]);

export const sanction: Dialect = {
  name: "sanction",
  // Other dialects answer below /api/v1 as well, each under segments of its own.
  owns: (path) =>
    path.startsWith(ROOT) && SEGMENTS.has(path.slice(ROOT.length).split("/", 1)[0] ?? ""),
  open: async (core) => (await import("./sanction-api.ts")).openSanction(core),
};
