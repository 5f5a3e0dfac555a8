import type { Duplex } from "node:stream";
import { STATUS_CODES } from "../lib/node-http.ts";
import type { WireReply } from "./wire.ts";

/** A client that has its answer and stays is left. */
const LINGER_MS = 2_000;

/** An answer on a socket that Node has let go of, and its end. */
export function writeReply(socket: Duplex, reply: WireReply): void {
  if (!socket.writable) return;
  const lines = Object.entries(reply.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const reason = STATUS_CODES[reply.status] ?? "Refused";
  socket.end(
    `HTTP/1.1 ${reply.status} ${reason}\r\n${lines.join("")}connection: close\r\n` +
      `content-length: ${Buffer.byteLength(reply.body)}\r\n\r\n${reply.body}`,
  );
  // Closed with something unread, the answer could be lost on its way (RFC 9112 §9.6).
  socket.resume();
  const leaving = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(leaving));
}
