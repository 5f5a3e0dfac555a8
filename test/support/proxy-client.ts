/** A client of the forward proxy that shows every byte. */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { HOUSE_CA } from "./certificates.ts";

export interface ProxyAnswer {
  readonly status: number;
  /** With its status line. */
  readonly head: string;
  /** As far as it came with the head; of a refusal, all of it. */
  readonly body: string;
  /** What the gate calls the exchange. */
  readonly exchange: string;
  readonly socket: Socket;
}

/** Sends a request and reads the answer's head; a refusal is read to its end. */
export async function askProxy(port: number, request: string | Buffer): Promise<ProxyAnswer> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  socket.write(request);
  let text = "";
  for (;;) {
    const chunk = await nextChunk(socket);
    if (chunk === undefined) break;
    text += chunk.toString("latin1");
    if (text.startsWith("HTTP/1.1 200") && text.includes("\r\n\r\n")) break;
  }
  const end = text.indexOf("\r\n\r\n");
  const head = text.slice(0, end);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: text.slice(end + 4),
    exchange: /x-(?:request-id|sallyport-exchange): (\S+)/i.exec(head)?.[1] ?? "",
    socket,
  };
}

export function askTunnel(
  port: number,
  authority: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ProxyAnswer> {
  const lines = Object.entries({ Host: authority, ...headers }).map(([n, v]) => `${n}: ${v}\r\n`);
  return askProxy(port, `CONNECT ${authority} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

/** Undefined: the other side has said all. */
export function nextChunk(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const done = (chunk?: Buffer): void => {
      socket.off("data", done).off("end", over).off("close", over).pause();
      resolve(chunk);
    };
    const over = (): void => done();
    if (socket.readableEnded || socket.destroyed) return resolve(undefined);
    socket.once("data", done).once("end", over).once("close", over).resume();
  });
}

/** All that still comes, until the other side ends. */
export async function rest(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = await nextChunk(socket);
    if (chunk === undefined) return Buffer.concat(chunks);
    chunks.push(chunk);
  }
}

/** One GET over TLS inside a tunnel; rejects where there is no TLS. */
export function getInside(socket: Socket, servername: string, path = "/"): Promise<string> {
  return new Promise((resolve, reject) => {
    const inside = connectTls({ socket, servername, ca: HOUSE_CA }, () => {
      inside.write(`GET ${path} HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`);
    });
    let text = "";
    inside.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    inside.on("end", () => resolve(text)).on("error", reject);
    inside.on("close", () => reject(new Error("the tunnel was closed")));
  });
}
