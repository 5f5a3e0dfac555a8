/** The MCP tools that servers were seen to offer, of all upstreams that a tenant may use. */
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { ownerOf } from "../../core/trust/definition.ts";
import type { Pin, Suspicion, Standing } from "../../core/trust/pin.ts";
import type { TenantId } from "../../core/units.ts";
import { isOpenTo } from "../../core/upstream.ts";
import type { UpstreamPorts } from "./manage-upstreams.ts";

export interface SeenDefinition {
  readonly pin: Pin;
  readonly seenText: JsonValue;
}

export interface ToolPorts extends Pick<UpstreamPorts, "configured" | "store"> {
  /** Everything that was ever listed, as it was last seen. */
  readonly definitions: () => readonly SeenDefinition[];
}

export interface SeenTool {
  readonly upstream: string;
  readonly name: string;
  readonly standing: Standing;
  readonly description: string | undefined;
  readonly suspicions: readonly Suspicion[];
}

/** Upstreams of one tenant; more are not looked for. */
const UPSTREAMS_MAX = 1_000;

/** By upstream and name. A tool that several scopes or eras see is one tool, as it stands worst. */
export async function listTools(
  tenant: TenantId,
  { configured, store, definitions }: ToolPorts,
): Promise<readonly SeenTool[]> {
  const registered = await store.list("upstream", { tenant, limit: UPSTREAMS_MAX });
  const own = new Set(registered.map(({ id }) => id));
  const tools = new Map<string, SeenTool>();
  for (const { pin, seenText } of definitions()) {
    const { kind, upstream, name } = pin.ref;
    const listed = configured.get(upstream);
    const isTheirs = listed === undefined ? own.has(upstream) : isOpenTo(listed, tenant);
    // Somebody else may have had the name before.
    const isPast = ownerOf(pin.ref) !== (listed === undefined ? tenant : undefined);
    if (kind !== "tool" || !isTheirs || isPast) continue;
    const { standing, suspicions } = pin;
    const described = isJsonObject(seenText) ? seenText["description"] : undefined;
    const description = typeof described === "string" ? described : undefined;
    const label = `${upstream}.${name}`;
    const known = tools.get(label);
    if (known !== undefined && known.standing !== "approved") continue;
    tools.set(label, { upstream, name, standing, description, suspicions });
  }
  return [...tools].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, tool]) => tool);
}
