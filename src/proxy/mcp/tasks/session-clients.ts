/**
 * What the clients of sessions can be asked. They say so once, when a session begins; a call that is
 * made later, by the gate, has to say it again.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import type { SessionClientStore } from "../../../core/session/session-clients.ts";
import type { UpstreamName } from "../../../core/units.ts";
import type { RequestHead } from "../../wire.ts";
import { CLIENT_CAPABILITIES_META_KEY } from "../client-capabilities.ts";
import type { RequestQuestion } from "../question.ts";
import type { RpcRequest } from "../rpc-message.ts";
import { metaOf } from "../transport/message-meta.ts";

/** Capabilities by which a client can be asked something. */
const ASKABLE = ["elicitation", "sampling", "roots"];
const TEXT_CHARS_MAX = 4096;

export class SessionClients {
  readonly #store: SessionClientStore;

  constructor(store: SessionClientStore) {
    this.#store = store;
  }

  /** `declared`: of its `initialize`, as policy lets the server know them. */
  introduce(upstream: UpstreamName, session: string, declared: JsonValue | undefined): void {
    const all = isJsonObject(declared) ? declared : {};
    const kept = Object.entries(all).filter(([name]) => ASKABLE.includes(name));
    const text = JSON.stringify(Object.fromEntries(kept));
    if (kept.length > 0 && text.length <= TEXT_CHARS_MAX) {
      this.#store.introduce(keyOf(upstream, session), text);
    }
  }

  /** Undefined: nothing, or nobody knows. */
  capabilitiesOf(
    upstream: UpstreamName,
    session: string,
  ): JsonObject | undefined | Promise<JsonObject | undefined> {
    const text = this.#store.capabilitiesOf(keyOf(upstream, session));
    return text instanceof Promise ? text.then(declaredIn) : declaredIn(text);
  }
}

function declaredIn(text: string | undefined): JsonObject | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}

/** What the client of a request can be asked; in the 2026 era each request says so itself. */
export function askableIn(
  { era }: RequestQuestion,
  { params }: RpcRequest,
  { upstream, headers }: RequestHead,
  clients: Pick<SessionClients, "capabilitiesOf">,
): JsonValue | undefined | Promise<JsonValue | undefined> {
  if (era === "2026") return metaOf(params)?.[CLIENT_CAPABILITIES_META_KEY];
  const session = headers["mcp-session-id"];
  return typeof session === "string" ? clients.capabilitiesOf(upstream.name, session) : undefined;
}

function keyOf(upstream: UpstreamName, session: string): string {
  return `${upstream}/${session}`;
}
