import { connect, createServer, type Socket } from "node:net";

export interface StallingRelay extends AsyncDisposable {
  readonly port: number;
  /** While true, nothing passes in either direction; connections stay open. */
  stalled: boolean;
  /** Breaks every connection, and takes none until `mend`. */
  cut(): void;
  mend(): void;
}

/** A TCP relay on loopback that can be told to swallow time: slow is worse than gone. */
export async function startRelay(target: number): Promise<StallingRelay> {
  const sockets = new Set<Socket>();
  const state = { stalled: false, cut: false };
  const server = createServer((client): unknown => {
    if (state.cut) return client.destroy();
    const upstream = connect({ host: "127.0.0.1", port: target });
    pass(client, upstream);
    pass(upstream, client);
    return undefined;
  });
  function pass(from: Socket, to: Socket): void {
    sockets.add(from);
    const waiting: Buffer[] = [];
    const flush = (): void => {
      if (state.stalled) return;
      for (const chunk of waiting.splice(0)) to.write(chunk);
    };
    const timer = setInterval(flush, 5);
    from.on("data", (chunk) => {
      waiting.push(chunk);
      flush();
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      clearInterval(timer);
      sockets.delete(from);
      to.destroy();
    });
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    get stalled() {
      return state.stalled;
    },
    set stalled(stalled) {
      state.stalled = stalled;
    },
    cut() {
      state.cut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      state.cut = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
