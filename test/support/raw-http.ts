/** Bytes on a socket: for everything a decent HTTP client would not send. */
import { connect } from "node:net";

export interface RawReply {
  readonly text: string;
  /** Status codes of all answers on the connection, in order. */
  readonly statuses: readonly number[];
  readonly closed: boolean;
}

/** A busy machine answers late; whoever expects no answer asks for less. */
const FIRST_MS = 15_000;

/**
 * Sends `pieces` one after the other and reads until the other side closes, or `waitMs` pass in
 * silence after it said something; `firstMs` before that.
 */
export function rawRequest(
  port: number,
  pieces: readonly (string | Buffer)[],
  waitMs = 500,
  firstMs = Math.max(waitMs, FIRST_MS),
): Promise<RawReply> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    let closed = false;
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/(?:^|\n)HTTP\/1\.1 (\d{3})/g)].map((match) =>
        Number(match[1]),
      );
      resolve({ text, statuses, closed });
    };
    let timer = setTimeout(finish, firstMs);
    socket.setEncoding("latin1");
    socket.on("connect", () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.on("data", (data: string) => {
      text += data;
      clearTimeout(timer);
      timer = setTimeout(finish, waitMs);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      closed = true;
      finish();
    });
  });
}
