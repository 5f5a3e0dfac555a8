/** Haldir's `/v1/proxy/upstreams`. */
import { Type } from "typebox";
import { done, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { JsonObject } from "../../core/json.ts";
import { OWN_SERVER } from "../../core/own-server.ts";
import { isOpenTo } from "../../core/upstream.ts";
import { listRecords } from "../../operations/records/read-records.ts";
import { registerUpstream } from "../../operations/upstreams/manage-upstreams.ts";
import { callerOf, type DialectApi } from "../dialect-api.ts";
import type { DialectCore } from "../dialect-core.ts";
import { discoverTools } from "./discover-tools.ts";
import { proxiedTools } from "./find-tool.ts";
import type { HaldirParts } from "./haldir-api.ts";
import { answer, credentialOf, fail } from "./wording.ts";

const NewUpstreamJson = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 63 }),
  url: Type.String({ minLength: 1, maxLength: 2_048 }),
});

const READ = { role: "viewer", scope: "upstreams:read" } as const;
const WRITE = { role: "admin", scope: "upstreams:write" } as const;
const UPSTREAMS_MAX = 1_000;
/** This API has no way to. */
const REMOVE_FIRST = "To change its URL remove it first: DELETE /core/v1/upstreams/<name>.";

export function upstreamRoutes(api: DialectApi, { core, book }: HaldirParts): void {
  api.post(
    "/v1/proxy/upstreams",
    { schema: { body: NewUpstreamJson }, config: { needs: WRITE } },
    async (request, reply) => {
      const { name, url } = request.body;
      const caller = callerOf(request);
      const registered = await register(caller, name, url, core);
      if (registered.kind === "fault") {
        const { code } = registered.fault;
        const fault =
          code === "conflict"
            ? ({ code: "invalid", detail: `${registered.fault.detail} ${REMOVE_FIRST}` } as const)
            : registered.fault;
        return fail(reply, fault, request);
      }
      const known = await book.change(caller, (before) => ({
        ...before,
        upstreams: [...new Set([...before.upstreams, name])],
      }));
      if (known.kind === "fault") return fail(reply, known.fault, request);
      const look = await discoverTools(caller, credentialOf(request), name, core);
      const tools = (await proxiedTools(caller.tenant, core)).filter((t) => t.upstream === name);
      return reply.code(201).send({
        registered: true,
        name,
        url,
        healthy: look.kind === "done",
        tools_discovered: tools.length,
        tool_names: tools.map((tool) => tool.name),
        ...(look.kind === "fault" && { error: look.fault.detail }),
      });
    },
  );
  api.get("/v1/proxy/upstreams", { config: { needs: READ } }, async (request, reply) =>
    answer(reply, 200, await statsOf(callerOf(request), core), (stats) => stats),
  );
}

/** The same server registered again under its name is looked at again. */
async function register(
  caller: Caller,
  name: string,
  url: string,
  { upstreams: ports }: DialectCore,
): Promise<Answer<Entry<"upstream">>> {
  const before = await ports.store.get("upstream", name);
  if (before?.tenant === caller.tenant && before.body.entry["url"] === url) return done(before);
  const entry: JsonObject = { name, url, wire: "mcp" };
  // Servers inside are what people register here; the operator says whether any may be.
  const inside: JsonObject = { ...entry, allow_private: true };
  const mayBeInside = ports.read(inside, caller.tenant).kind === "upstream";
  return registerUpstream(caller, mayBeInside ? inside : entry, ports);
}

interface UpstreamStats {
  readonly name: string;
  readonly url: string;
  readonly healthy: boolean;
  readonly tools: number;
}

/** Also those of the operator's configuration: agents reach them alike. */
async function statsOf(caller: Caller, core: DialectCore): Promise<Answer<object>> {
  const { tenant } = caller;
  const stored = await core.upstreams.store.list("upstream", { tenant, limit: UPSTREAMS_MAX });
  const places = new Map<string, string>();
  for (const { name, origin, pathPrefix, wire } of core.upstreams.configured.values()) {
    const listed = core.upstreams.configured.get(name);
    if (wire !== "mcp" || name === OWN_SERVER || listed === undefined) continue;
    if (isOpenTo(listed, tenant)) places.set(name, `${origin}${pathPrefix}`);
  }
  for (const { body } of stored) {
    const { wire, url } = body.entry;
    if (wire === "mcp" && typeof url === "string") places.set(body.name, url);
  }
  const tools = await proxiedTools(tenant, core);
  const upstreams: UpstreamStats[] = [];
  for (const [name, url] of places) {
    const count = tools.filter(({ upstream }) => upstream === name).length;
    const healthy = await answeredLast(caller, name, core);
    if (healthy.kind === "fault") return healthy;
    upstreams.push({ name, url, healthy: healthy.value, tools: count });
  }
  const total = upstreams.reduce((sum, one) => sum + one.tools, 0);
  return done({ total_upstreams: upstreams.length, total_tools: total, upstreams });
}

/** What the record says of the last exchange with it. */
async function answeredLast(
  caller: Caller,
  upstream: string,
  { records: { index } }: DialectCore,
): Promise<Answer<boolean>> {
  const wish = {
    only: { upstream: [upstream], kind: ["outcome"] },
    from: undefined,
    to: undefined,
    flagged: undefined,
    scoreMin: undefined,
    text: undefined,
    order: "newest",
    after: undefined,
    limit: 1,
  } as const;
  const page = await listRecords(caller, wish, index);
  if (page.kind === "fault") return page;
  const last = page.value.records[0];
  return done(last !== undefined && last.code?.startsWith("upstream_") !== true);
}
