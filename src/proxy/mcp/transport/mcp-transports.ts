/** Which way leads to which MCP server; what all of them share. */
import type { Pool } from "undici";
import { matchesName, nameGlob } from "../../../core/policy/glob.ts";
import { secretsForProcess } from "../../../core/secret/process-secrets.ts";
import type { Vault } from "../../../core/secret/vault.ts";
import type { ProcessTransport, Upstream } from "../../../core/upstream.ts";
import type { UpstreamName } from "../../../core/units.ts";
import { monotonicMillis } from "../../../lib/clock.ts";
import { impossible } from "../../../lib/impossible.ts";
import type { SessionOwnerStore } from "../../../core/session/session-owners.ts";
import type { ListNews } from "../news/list-news.ts";
import type { Peers } from "../peers/peers.ts";
import type { UpstreamTransport } from "../../upstream-transport.ts";
import { EraRelay, type DeadlineOf } from "../era/era-relay.ts";
import type { TaskDesk } from "../tasks/task-desk.ts";
import { TaskedTransport } from "../tasks/tasked-transport.ts";
import { ChannelEndpoint } from "./channel-endpoint.ts";
import { HttpSide } from "./http-side.ts";
import { logPace } from "./log-pace.ts";
import type { McpServerSide } from "./mcp-request.ts";
import { OrphanGuard } from "./orphan-guard.ts";
import { openSse } from "./sse-channel.ts";
import { openProcess } from "./process-channel.ts";

/** Of one server, in the log. */
const UNREADABLE_PER_SECOND = 10;

/** What an operator hears of MCP servers that are processes or streams. */
export interface McpEvents {
  /** A line of a process's standard error. */
  processSaid(upstream: string, line: string): void;
  serverDied(upstream: string, reason: Error): void;
  unreadableMessage(upstream: string): void;
}

export interface McpTransportParts {
  readonly vault: Vault;
  /** Sallyport's own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly events: McpEvents;
  /** Sallyport's own MCP server. */
  readonly own: UpstreamTransport;
  readonly peers: Peers;
  readonly owners: SessionOwnerStore;
  readonly news: ListNews;
  readonly tasks: TaskDesk;
}

export class McpTransports implements Disposable {
  readonly #parts: McpTransportParts;
  readonly #guard = new OrphanGuard();

  constructor(parts: McpTransportParts) {
    this.#parts = parts;
  }

  to(upstream: Upstream, pool: () => Pool): UpstreamTransport {
    return new TaskedTransport(upstream, this.#wayTo(upstream, pool), this.#parts.tasks);
  }

  #wayTo(upstream: Upstream, pool: () => Pool): UpstreamTransport {
    const { transport } = upstream;
    const { peers, owners, news } = this.#parts;
    const { name } = upstream;
    const parts = { name, deadlineOf: deadlinesOf(upstream), peers, owners, news };
    switch (transport.kind) {
      case "http":
        return new EraRelay(new HttpSide(upstream, pool()), parts);
      case "sse":
        return new EraRelay(peers.share(`${name}/side`, this.#streams(upstream, pool())), parts);
      case "own":
        return this.#parts.own;
      case "stdio":
        return new EraRelay(
          peers.share(`${name}/side`, this.#processes(upstream, transport)),
          parts,
        );
      default:
        return impossible(transport);
    }
  }

  [Symbol.dispose](): void {
    this.#guard[Symbol.dispose]();
  }

  /** Some servers print on their output what was meant for people. */
  #unreadable(name: UpstreamName): () => void {
    const pace = logPace(UNREADABLE_PER_SECOND, monotonicMillis);
    return () => {
      if (pace() === "go") this.#parts.events.unreadableMessage(name);
    };
  }

  #streams(upstream: Upstream, pool: Pool): McpServerSide {
    const { events } = this.#parts;
    const { name, timeouts, connectionsMax } = upstream;
    return new ChannelEndpoint({
      upstream,
      mark: this.#parts.peers.mark,
      // A session takes a connection for its stream, and one for what is sent.
      sessionsMax: Math.max(1, Math.floor(connectionsMax / 2)),
      idle: timeouts.total,
      open: (listener, request) => openSse(upstream, pool, request, listener),
      died: (reason) => events.serverDied(name, reason),
      unreadable: this.#unreadable(name),
      end: () => pool.close(),
    });
  }

  #processes(upstream: Upstream, transport: ProcessTransport): McpServerSide {
    const { vault, environment, events } = this.#parts;
    const { name } = upstream;
    return new ChannelEndpoint({
      upstream,
      mark: this.#parts.peers.mark,
      sessionsMax: transport.processesMax,
      idle: transport.idle,
      open: (listener) => {
        const lent = secretsForProcess(vault, upstream);
        const { variables, echoes } =
          lent.kind === "pass" ? lent.value : { variables: {}, echoes: [] };
        const said = (line: string): void => events.processSaid(name, line);
        const guard = this.#guard;
        const parts = { transport, environment, secrets: variables, echoes, guard, said };
        return openProcess(parts, listener);
      },
      died: (reason) => events.serverDied(name, reason),
      unreadable: this.#unreadable(name),
      end: () => Promise.resolve(),
    });
  }
}

/** The first that names the tool counts. */
function deadlinesOf({ deadlines = [] }: Upstream): DeadlineOf {
  const compiled = deadlines.map(({ tool, limit }) => ({ glob: nameGlob(tool), limit }));
  return (tool) => compiled.find(({ glob }) => matchesName(glob, tool))?.limit;
}
