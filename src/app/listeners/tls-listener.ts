/** A listener with a certificate: read at start, and again when its files change. */
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Server as HttpServer, ServerOptions } from "node:http";
import {
  createSecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from "node:tls";
import { messageOf } from "../../lib/caught.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { createTlsServer } from "../../lib/node-https.ts";
import type { TlsConfig } from "../config/config.ts";
import { readAuthorities } from "../read-authorities.ts";
import type { HttpListener } from "./http-listener.ts";
import { TlsFault } from "./tls-fault.ts";

/** Certificates are replaced long before they expire. */
const LOOK_MS = 60_000;
/** Whoever keeps trying is told of once in a while. */
const TELL_EVERY_MS = 60_000;
const REMEDY = "check the tls section of the listener: cert_file, key_file, client_ca_file";

export class TlsListener implements HttpListener {
  readonly scheme = "https";
  readonly #config: TlsConfig;
  readonly #onFault: (fault: TlsFault) => void;
  readonly #timer: NodeJS.Timeout;
  #context: Context;
  #seen: string;
  #server: Server | undefined;
  /** Monotonic. */
  #quietUntil = Number.NEGATIVE_INFINITY;

  /** Throws TlsFault for files that cannot be read or do not fit together. */
  constructor(config: TlsConfig, onFault: (fault: TlsFault) => void) {
    this.#config = config;
    this.#onFault = onFault;
    this.#seen = marksOf(config);
    this.#context = contextOf(config);
    this.#timer = setInterval(() => {
      if (marksOf(config) !== this.#seen) this.reload();
    }, LOOK_MS).unref();
  }

  create(options: ServerOptions): HttpServer {
    const { clientCaFile, clientAuth } = this.#config;
    const server = createTlsServer({
      ...options,
      ...this.#context,
      requestCert: clientCaFile !== undefined,
      // Judged below: the gate itself comes with a certificate that no authority of clients made.
      rejectUnauthorized: false,
    });
    const mustShow = clientCaFile !== undefined && clientAuth === "required";
    server.on("secureConnection", (socket) => {
      if (socket.authorized) return;
      const shown = socket.getPeerX509Certificate()?.fingerprint256;
      // Where certificates are optional, one that is shown must still be right.
      if (shown === undefined ? !mustShow : shown === this.#context.fingerprint) return;
      this.#tellOf(socket);
      socket.destroy();
    });
    this.#server = server;
    return server;
  }

  reload(): void {
    this.#seen = marksOf(this.#config);
    try {
      this.#context = contextOf(this.#config);
      this.#server?.setSecureContext(this.#context);
    } catch (error) {
      if (!(error instanceof TlsFault)) throw error;
      this.#onFault(error);
    }
  }

  /** Who is turned away here is on no record: the operator of an expired certificate needs a word. */
  #tellOf(socket: TLSSocket): void {
    const { authorizationError: why } = socket;
    const now = monotonicMillis();
    if (!why || now < this.#quietUntil) return;
    this.#quietUntil = now + TELL_EVERY_MS;
    this.#onFault(new TlsFault(`a client's was refused: ${String(why)}`, REMEDY));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

interface Context extends SecureContextOptions {
  readonly fingerprint: string;
}

function contextOf({ certFile, keyFile, clientCaFile }: TlsConfig): Context {
  const options = {
    cert: read(readText, certFile),
    key: read(readText, keyFile),
    ...(clientCaFile !== undefined && { ca: read(readAuthorities, clientCaFile) }),
  };
  try {
    createSecureContext(options);
    return { ...options, fingerprint: new X509Certificate(options.cert).fingerprint256 };
  } catch (error) {
    throw new TlsFault(`${certFile} and ${keyFile} cannot be used: ${messageOf(error)}`, REMEDY);
  }
}

const readText = (path: string): string => readFileSync(path, "utf8");

function read(reader: (path: string) => string, path: string): string {
  try {
    return reader(path);
  } catch (error) {
    const why = `a listener's certificate cannot be read: ${messageOf(error)} (${path})`;
    throw new TlsFault(why, REMEDY);
  }
}

/** Differs when a file was replaced, written or removed; follows Kubernetes' links. */
function marksOf({ certFile, keyFile, clientCaFile }: TlsConfig): string {
  const files =
    clientCaFile === undefined ? [certFile, keyFile] : [certFile, keyFile, clientCaFile];
  return files
    .map((path) => {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? "-" : `${stat.ino}.${stat.size}.${stat.mtimeNs}`;
    })
    .join(" ");
}
