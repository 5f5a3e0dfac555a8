import type { Socket } from "node:net";
import { destination, type DestinationStream } from "pino";
import { openPipe } from "../../lib/open-pipe.ts";

export interface LogOutput extends DestinationStream {
  /** Told of each line that is lost, because too much waits already. */
  onLost(listener: () => void): void;
  /** Told when whoever reads has caught up. */
  onDrain(listener: () => void): void;
  /** Writes what is buffered, as far as that needs nobody; called once, last. */
  flush(): void;
}

/** What may wait for a reader that stalls. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
const STDERR = 2;

/** Lines go to stderr, asynchronously: stdout belongs to commands. */
export function openLogOutput(): LogOutput {
  const pipe = openPipe(STDERR, () => process.stderr);
  return pipe === undefined ? toFile() : toReader(pipe);
}

function toReader(socket: Socket | NodeJS.WriteStream): LogOutput {
  const lost: (() => void)[] = [];
  // Nobody is left to read: the gate goes on without a log.
  socket.on("error", () => {});
  return {
    write(line) {
      if (socket.writableLength + line.length > WAITING_BYTES_MAX) for (const told of lost) told();
      else socket.write(line);
    },
    onLost: (listener) => lost.push(listener),
    onDrain: (listener) => socket.on("drain", listener),
    flush() {},
  };
}

function toFile(): LogOutput {
  const stream = destination({ fd: STDERR, sync: false, maxLength: WAITING_BYTES_MAX });
  // A disk that is full takes no line; the gate's own records say so by other ways.
  stream.on("error", () => {});
  return {
    write: (line) => void stream.write(line),
    onLost: (listener) => stream.on("drop", listener),
    onDrain: (listener) => stream.on("drain", listener),
    flush() {
      try {
        stream.flushSync();
      } catch {
        // Nothing was ever written, or stderr is gone: there is nobody left to tell.
      }
    },
  };
}
