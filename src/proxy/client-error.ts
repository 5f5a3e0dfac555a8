/** What goes wrong on a socket before there is a request. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

export type ClientError = Error & { readonly code?: string };

/** Whether a head was at fault: bodies belong to exchanges, and a connection may break idle. */
export function isOfHead({ code = "" }: ClientError): boolean {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return true;
  return code.startsWith("HPE_") && !BODY_ERRORS.has(code);
}

const BODY_ERRORS: ReadonlySet<string> = new Set([
  "HPE_INVALID_EOF_STATE",
  "HPE_INVALID_CHUNK_SIZE",
  "HPE_CHUNK_EXTENSIONS_OVERFLOW",
]);

/** What the parser itself refuses: before there is a request, there is no exchange to record. */
export function answerClientError(error: ClientError, socket: Duplex): void {
  const writable = socket instanceof Socket && socket.writable && socket.bytesWritten === 0;
  if (error.code === "ECONNRESET" || !writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = CLIENT_ERRORS.get(error.code ?? "") ?? [400, "Bad Request"];
  const body = JSON.stringify({ title: reason, status, code: "malformed", detail: error.message });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\n` +
      `content-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const CLIENT_ERRORS: ReadonlyMap<string, readonly [number, string]> = new Map([
  ["HPE_HEADER_OVERFLOW", [431, "Request Header Fields Too Large"]],
  ["ERR_HTTP_REQUEST_TIMEOUT", [408, "Request Timeout"]],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", [413, "Content Too Large"]],
]);
