/**
 * Two sockets and what goes between them: nothing before the client's first bytes are what they
 * must be, then everything, as fast as the slower side takes it.
 */
import type { Socket } from "node:net";
import { HELLO_BYTES_MAX, readClientHello } from "../../core/tls/read-client-hello.ts";
import type { Refusal } from "../../core/refusal.ts";
import { TotalTimeout } from "../upstream-failure.ts";
import type { ForwardProxySettings } from "./forward-proxy-settings.ts";

export interface TunnelParts {
  readonly client: Socket;
  /** What the client sent behind its request. */
  readonly first: Buffer;
  readonly far: Socket;
  /** What the ClientHello must name; undefined: whatever comes may pass. */
  readonly serverName: string | undefined;
  readonly settings: Pick<ForwardProxySettings, "timeouts" | "encryptedHello">;
  /**
   * The first bytes would go out now; `serverName` is what they name, if somebody looked. With a
   * refusal they do not.
   */
  readonly begun: (serverName: string | undefined) => Refusal | undefined;
}

export type TunnelEnd =
  | { readonly kind: "closed" }
  | { readonly kind: "cut"; readonly refusal: Refusal }
  | { readonly kind: "abandoned"; readonly by: "client" | "upstream" };

export interface Tunnel {
  /** Both sides are closed. */
  readonly ended: Promise<TunnelEnd>;
  readonly cut: (refusal: Refusal) => void;
}

export function openTunnel(parts: TunnelParts): Tunnel {
  const { client, far, settings } = parts;
  const { idle, total } = settings.timeouts;
  let end: TunnelEnd | undefined;
  const finish = (how: TunnelEnd): void => {
    end ??= how;
    client.destroy();
    far.destroy();
  };
  const tooSlow = (): void => finish({ kind: "cut", refusal: TOO_SLOW });
  const clock = setTimeout(tooSlow, total);
  const ended = Promise.all([closing(client), closing(far)]).then(() => {
    clearTimeout(clock);
    return end ?? CLOSED;
  });
  client.on("error", () => finish({ kind: "abandoned", by: "client" }));
  far.on("error", () => finish({ kind: "abandoned", by: "upstream" }));
  // What one side has said already still reaches the other.
  client.once("close", () => far.destroySoon());
  far.once("close", () => client.destroySoon());
  for (const socket of [client, far]) socket.setNoDelay(true).setTimeout(idle, tooSlow);
  // Each direction ends by itself: who has said all may still listen, or be gone.
  far.allowHalfOpen = true;
  const rest = Math.min(idle, HALF_OPEN_IDLE_MS);
  for (const socket of [client, far]) {
    socket.once("end", () => void [client, far].map((one) => one.setTimeout(rest)));
  }
  awaitFirst(parts, (stopped) => {
    if (stopped === undefined) {
      client.pipe(far);
      far.pipe(client);
      return;
    }
    end ??= stopped;
    far.destroy();
    if (stopped.kind === "cut") client.end(FAREWELL);
    else client.destroy();
  });
  return { ended, cut: (refusal) => finish({ kind: "cut", refusal }) };
}

/** Nothing tells a client that only listens from one that has left. */
const HALF_OPEN_IDLE_MS = 30_000;

const CLOSED: TunnelEnd = { kind: "closed" };

const TOO_SLOW: Refusal = {
  code: "upstream_timeout",
  detail: "The tunnel took too long, or nothing went through it for too long.",
  cause: new TotalTimeout(),
};

/** A fatal alert, `access_denied` (RFC 8446 §6): TLS clients say it to their users. */
const FAREWELL = Buffer.from([21, 3, 3, 0, 2, 2, 49]);

function closing(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** Calls `done` once, with nothing where what came first has gone out. */
function awaitFirst(parts: TunnelParts, done: (stopped: TunnelEnd | undefined) => void): void {
  const { client, far, serverName, settings } = parts;
  let gathered = parts.first;
  if (serverName === undefined) return letOut(parts, gathered, done);
  const settle = (): void => {
    clearTimeout(clock);
    client.off("data", onData).off("end", onLeft).off("close", onLeft).pause();
  };
  const stop = (stopped: TunnelEnd): void => {
    settle();
    done(stopped);
  };
  const look = (): void => {
    const refusal = helloProblem(gathered, parts);
    if (refusal === "incomplete") return;
    if (refusal !== undefined) return stop({ kind: "cut", refusal });
    settle();
    letOut(parts, gathered, done);
  };
  const onData = (bytes: Buffer): void => {
    gathered = Buffer.concat([gathered, bytes]);
    look();
  };
  const onLeft = (): void => stop({ kind: "abandoned", by: "client" });
  const onSlow = (): void => stop({ kind: "cut", refusal: refused(SLOW_HELLO) });
  const clock = setTimeout(onSlow, settings.timeouts.hello);
  client.on("data", onData).once("end", onLeft).once("close", onLeft);
  far.once("close", settle);
  if (gathered.length > 0) look();
}

function letOut(
  { far, serverName, begun }: TunnelParts,
  gathered: Buffer,
  done: (stopped: TunnelEnd | undefined) => void,
): void {
  const refusal = begun(serverName);
  if (refusal !== undefined) return done({ kind: "cut", refusal });
  if (gathered.length > 0) far.write(gathered);
  done(undefined);
}

const SLOW_HELLO = "its ClientHello did not come in time";

function helloProblem(
  gathered: Buffer,
  { serverName, settings }: TunnelParts,
): Refusal | "incomplete" | undefined {
  const reading = readClientHello(gathered);
  switch (reading.kind) {
    case "incomplete":
      return gathered.length > HELLO_BYTES_MAX
        ? refused("its ClientHello has no end")
        : "incomplete";
    case "problem":
      return refused(reading.message);
    case "hello":
      if (reading.serverName === undefined) return refused("its ClientHello names no server");
      if (reading.serverName !== serverName) {
        return refused(`it names ${reading.serverName}, and CONNECT named ${serverName}`);
      }
      return reading.hidesAnother && settings.encryptedHello === "refuse"
        ? refused("its ClientHello hides another one (ECH)")
        : undefined;
  }
}

/** The client hears no more than the alert; the words are for the operator. */
function refused(why: string): Refusal {
  return {
    code: "hello_refused",
    detail: `What was sent into the tunnel may not pass: ${why}.`,
    cause: new Error(why),
  };
}
