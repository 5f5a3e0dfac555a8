import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Accepts an upgrade, with the first subprotocol offered, and sends every short message back. */
export function acceptEcho(
  request: IncomingMessage,
  socket: Duplex,
  heard: (text: string) => void = () => {},
): void {
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}${MAGIC}`)
    .digest("base64");
  const protocol = request.headers["sec-websocket-protocol"]?.split(",")[0];
  const chosen = protocol === undefined ? "" : `sec-websocket-protocol: ${protocol}\r\n`;
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
      `${chosen}sec-websocket-accept: ${accept}\r\n\r\n`,
  );
  echo(socket, heard);
}

/** A WebSocket server of one trick (RFC 6455 §5): messages of one frame and up to 125 bytes. */
function echo(socket: Duplex, heard: (text: string) => void): void {
  socket.on("error", () => socket.destroy());
  socket.on("data", (frame: Buffer) => {
    const opcode = (frame[0] ?? 0) & 0x0f;
    const length = (frame[1] ?? 0) & 0x7f;
    if (opcode === 8) return void socket.end(Buffer.from([0x88, 0]));
    const mask = frame.subarray(2, 6);
    const text = Buffer.from(
      frame.subarray(6, 6 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0)),
    );
    heard(text.toString());
    socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
  });
}
