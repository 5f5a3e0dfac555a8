import type { Socket } from "node:net";
import type { buildConnector } from "undici";
import type { Destination } from "./destinations.ts";
import { withoutBrackets } from "../../lib/without-brackets.ts";

/** Resolves with the socket, or with why there is none. */
export function dial(
  { authority: { hostname, port }, upstream }: Destination,
  connect: buildConnector.connector,
  client: Socket,
): Promise<Socket | Error> {
  // In clear text: the TLS inside is the client's.
  const target = {
    protocol: "http:",
    hostname: withoutBrackets(hostname),
    port: String(port),
    host: upstream.host,
  };
  return new Promise((resolve) => {
    const gone = (): void => resolve(new Error(CLIENT_LEFT));
    client.once("close", gone);
    connect(target, (error, socket) => {
      client.off("close", gone);
      if (error !== null) return resolve(error);
      if (client.destroyed) {
        socket.destroy();
        return gone();
      }
      resolve(socket);
    });
  });
}

const CLIENT_LEFT = "the client left before there was a tunnel";
