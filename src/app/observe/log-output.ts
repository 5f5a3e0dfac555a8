import { Buffer } from "node:buffer";
import { write as writeFile, writeSync } from "node:fs";
import type { Socket } from "node:net";
import type { DestinationStream } from "pino";
import { openPipe } from "../../lib/open-pipe.ts";

export interface LogOutput extends DestinationStream {
  /** Writes what waits, as far as that needs nobody; called once, last. */
  flush(): void;
}

export interface LogListener {
  /** A line is lost: too much waits already, or nobody can take it. */
  lost(): void;
  /** Whoever reads has caught up. */
  drained(): void;
}

/** What may wait for a reader that stalls. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
const STDERR = 2;
/** Before a terminal that takes nothing now is tried again. */
const RETRY_MS = 100;
const NEWLINE = 10;

/** Lines go to stderr, asynchronously: stdout belongs to commands. */
export function openLogOutput(listener: LogListener): LogOutput {
  const pipe = openPipe(STDERR, () => process.stderr);
  return pipe === undefined ? toFile(listener) : toReader(pipe, listener);
}

function toReader(socket: Socket | NodeJS.WriteStream, listener: LogListener): LogOutput {
  // Nobody is left to read: the gate goes on without a log.
  socket.on("error", () => {});
  socket.on("drain", () => listener.drained());
  return {
    write(line) {
      if (socket.writableLength + line.length > WAITING_BYTES_MAX) listener.lost();
      else socket.write(line);
    },
    flush() {},
  };
}

/** A file, or a terminal. What a full disk does not take is lost; it is tried with the next line. */
function toFile(listener: LogListener): LogOutput {
  let waiting = "";
  let isWriting = false;

  function next(): void {
    isWriting = waiting !== "";
    if (!isWriting) return;
    const bytes = Buffer.from(waiting);
    waiting = "";
    put(bytes);
  }

  function put(bytes: Buffer): void {
    writeFile(STDERR, bytes, (error, written) => {
      if (error?.code === "EAGAIN") return void setTimeout(put, RETRY_MS, bytes);
      if (error === null && written < bytes.length) return put(bytes.subarray(written));
      next();
      if (error !== null) for (const byte of bytes) if (byte === NEWLINE) listener.lost();
      if (error === null && !isWriting) listener.drained();
    });
  }

  return {
    write(line) {
      if (waiting.length + line.length > WAITING_BYTES_MAX) return listener.lost();
      waiting += line;
      if (!isWriting) next();
    },
    flush() {
      const rest = waiting;
      waiting = "";
      try {
        writeSync(STDERR, rest);
      } catch {
        // There is nobody left to tell.
      }
    },
  };
}
