/**
 * Sessions across the workers of one gateway. An exchange is judged and recorded where it came in;
 * only what it asks of a server goes to the worker that keeps the session, over a socket in a
 * directory that nobody else may enter.
 */
import { rmSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { join } from "node:path";
import { once } from "node:events";
import { deserialize, serialize } from "node:v8";
import { Pool } from "undici";
import { createServer } from "../../../lib/node-http.ts";
import { ClientReply } from "../../client-reply.ts";
import { ReplyWriter } from "../federation/reply-writer.ts";
import {
  headerOf,
  isStateless,
  ownerOf,
  type McpRequest,
  type McpServerSide,
} from "../transport/mcp-request.ts";
import { Handover } from "./handover.ts";
import type { Peers } from "./peers.ts";

export interface PeerLinksOptions {
  /** Of all of them; nobody else may enter it. */
  readonly directory: string;
  /** Which of them this is, from 0. */
  readonly slot: number;
  readonly count: number;
}

/** As the listener's limits have it: what one MCP message may be, and its headers. */
const ASKED_BYTES_MAX = 64 * 1024 * 1024;
const CONNECTIONS_MAX = 256;
const READ_STALL_MS = 60_000;
const SESSION = /^sp[cls]_(\d{1,3})\./;

export class PeerLinks implements Peers, AsyncDisposable {
  readonly mark: string;
  readonly #options: PeerLinksOptions;
  readonly #server: Server;
  readonly #sides = new Map<string, McpServerSide>();
  readonly #pools = new Map<number, Pool>();
  #wake: (name: string) => void = () => {};

  constructor(options: PeerLinksOptions) {
    this.#options = options;
    this.mark = `${options.slot}.`;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** `wake` makes the sides of an upstream that nobody has used here yet. */
  async listen(wake: (upstream: string) => void): Promise<void> {
    this.#wake = wake;
    const path = this.#pathOf(this.#options.slot);
    // Left behind by the worker in whose place this one stands.
    rmSync(path, { force: true });
    this.#server.listen(path);
    await once(this.#server, "listening");
  }

  share(name: string, side: McpServerSide): McpServerSide {
    this.#sides.set(name, side);
    return {
      ask: (request, handler) => {
        const slot = this.#slotOf(request);
        if (slot === this.#options.slot) side.ask(request, handler);
        else this.#handOver(slot, name, request, new Handover(request, handler, side));
      },
      close: () => {
        // The name may have a new owner by now, whose side this is not.
        if (this.#sides.get(name) === side) this.#sides.delete(name);
        return side.close();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, "close") : undefined;
    this.#server.close();
    this.#server.closeAllConnections();
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    await closed;
  }

  /**
   * Where a session's id says it was made; what belongs to no session but is shared by the requests
   * of one agent has one place for each agent.
   */
  #slotOf(request: McpRequest): number {
    const { slot, count } = this.#options;
    const marked = SESSION.exec(headerOf(request.headers, "mcp-session-id") ?? "")?.[1];
    if (marked !== undefined) return Number(marked) < count ? Number(marked) : slot;
    return isStateless(request) ? placeOf(ownerOf(request.principal), count) : slot;
  }

  #handOver(slot: number, name: string, request: McpRequest, handler: Handover): void {
    const { sent, ...rest } = request;
    const plain = sent === undefined ? undefined : { text: sent.text, message: sent.message };
    const asked: McpRequest = { ...rest, sent: plain };
    const path = `/${encodeURIComponent(name)}`;
    this.#pool(slot).dispatch({ path, method: "POST", body: serialize(asked) }, handler);
  }

  #pool(slot: number): Pool {
    const known = this.#pools.get(slot);
    if (known !== undefined) return known;
    const pool = new Pool("http://peer.invalid", {
      connect: { socketPath: this.#pathOf(slot) },
      connections: CONNECTIONS_MAX,
      // The side itself ends what takes too long, and so does the exchange.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#pools.set(slot, pool);
    return pool;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = decodeURIComponent(request.url?.slice(1) ?? "");
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request) {
      if (!Buffer.isBuffer(chunk)) continue;
      bytes += chunk.length;
      if (bytes > ASKED_BYTES_MAX) throw new RangeError("more than a message can be");
      chunks.push(chunk);
    }
    const asked: McpRequest = deserialize(Buffer.concat(chunks));
    const side = this.#sideOf(name);
    if (side === undefined) return void response.writeHead(404, { "content-length": 0 }).end();
    side.ask(asked, new ReplyWriter(new ClientReply(response, "", READ_STALL_MS)));
  }

  #sideOf(name: string): McpServerSide | undefined {
    const known = this.#sides.get(name);
    if (known === undefined) this.#wake(name.slice(0, name.indexOf("/")));
    return known ?? this.#sides.get(name);
  }

  #pathOf(slot: number): string {
    return join(this.#options.directory, `${slot}.sock`);
  }
}

/** FNV-1a: the same in every process. */
function placeOf(owner: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < owner.length; i += 1) {
    hash = Math.imul(hash ^ owner.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % count;
}
