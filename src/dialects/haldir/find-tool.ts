/** Tools by the names that callers use: `tool`, where one upstream has it, or `upstream.tool`. */
import { done, fault, type Answer } from "../../core/fault.ts";
import { OWN_SERVER } from "../../core/own-server.ts";
import type { TenantId } from "../../core/units.ts";
import { isOpenTo } from "../../core/upstream.ts";
import { listTools, type SeenTool } from "../../operations/upstreams/list-tools.ts";
import type { DialectCore } from "../dialect-core.ts";

export interface ToolPlace {
  readonly upstream: string;
  readonly tool: string;
}

/** Without our own server's, which are no upstream's. */
export async function proxiedTools(
  tenant: TenantId,
  { upstreams }: DialectCore,
): Promise<readonly SeenTool[]> {
  const tools = await listTools(tenant, upstreams);
  return tools.filter(({ upstream }) => upstream !== OWN_SERVER);
}

export async function findTool(
  tenant: TenantId,
  named: string,
  core: DialectCore,
): Promise<Answer<ToolPlace>> {
  const tools = await proxiedTools(tenant, core);
  const whole = tools.find(({ upstream, name }) => `${upstream}.${name}` === named);
  const found = whole === undefined ? tools.filter(({ name }) => name === named) : [whole];
  const [first, second] = found;
  if (first !== undefined && second === undefined) {
    return done({ upstream: first.upstream, tool: first.name });
  }
  if (first !== undefined) {
    const names = found.map(({ upstream, name }) => `${upstream}.${name}`).join(", ");
    return fault("invalid", `Several upstreams have a tool '${named}': name one of ${names}.`);
  }
  return (await unseenTool(tenant, named, core)) ?? fault("invalid", unknown(named));
}

/** A tool that its server has added since it was asked: the server will say. */
async function unseenTool(
  tenant: TenantId,
  named: string,
  { upstreams: { configured, store } }: DialectCore,
): Promise<Answer<ToolPlace> | undefined> {
  const dot = named.indexOf(".");
  if (dot <= 0 || dot === named.length - 1) return undefined;
  const upstream = named.slice(0, dot);
  const listed = configured.get(upstream);
  const isThere =
    listed === undefined
      ? (await store.get("upstream", upstream))?.tenant === tenant
      : isOpenTo(listed, tenant) && listed.name !== OWN_SERVER;
  return isThere ? done({ upstream, tool: named.slice(dot + 1) }) : undefined;
}

function unknown(named: string): string {
  return `No registered upstream has a tool '${named}': GET /v1/proxy/tools lists them.`;
}
