/** Cuts bytes into lines without their ends, within a limit; linear however small the pieces are. */
import { Buffer } from "node:buffer";

const LF = 10;
const CR = 13;

export interface LineReader {
  push(chunk: Buffer): void;
}

/** `onLong` is told once for each line past the limit; its bytes are dropped. */
export function createLineReader(
  bytesMax: number,
  onLine: (line: Buffer) => void,
  onLong: () => void,
): LineReader {
  let parts: Buffer[] = [];
  let length = 0;
  let skipping = false;

  function keep(part: Buffer): void {
    if (skipping) return;
    length += part.length;
    if (length <= bytesMax) {
      parts.push(part);
      return;
    }
    skipping = true;
    parts = [];
    onLong();
  }

  function emit(): void {
    const only = parts.length === 1 ? parts[0] : undefined;
    const line = only ?? Buffer.concat(parts);
    const long = skipping;
    parts = [];
    length = 0;
    skipping = false;
    if (long) return;
    const bare = line.at(-1) === CR ? line.subarray(0, -1) : line;
    if (bare.length > 0) onLine(bare);
  }

  return {
    push(chunk) {
      let from = 0;
      for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
        keep(chunk.subarray(from, end));
        emit();
        from = end + 1;
      }
      if (from < chunk.length) keep(chunk.subarray(from));
    },
  };
}
