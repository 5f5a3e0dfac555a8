import { connect } from "node:net";

const CONNECT_WAIT_MS = 3000;

/** Why no connection can be made; undefined where one was. */
export function tryConnection(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (why: string | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    socket.setTimeout(CONNECT_WAIT_MS, () => end("no answer in 3 s"));
    socket.once("error", (error) => end(error.message));
    socket.once("connect", () => end(undefined));
  });
}
