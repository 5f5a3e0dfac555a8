import { join } from "node:path";
import { chainsOf, linesOf, mergeChains, readSegment, segmentsOf } from "./read-ledger.ts";
import { readLine } from "./read-line.ts";
import type { ReadEntry } from "./read-line.ts";

interface Position {
  readonly number: number;
  readonly offset: number;
}

/** Starts at the ledger's present end; each call answers with what was written since the last. */
export async function followLedger(directory: string): Promise<() => Promise<ReadEntry[]>> {
  const positions = new Map<string, Position>();
  const advance = async (): Promise<ReadEntry[]> => {
    const fresh: ReadEntry[][] = [];
    for (const writer of await chainsOf(directory)) {
      const from = positions.get(writer) ?? { number: 1, offset: 0 };
      const { entries, position } = await readFrom(join(directory, writer), from);
      positions.set(writer, position);
      fresh.push(entries);
    }
    return mergeChains(fresh);
  };
  for (const writer of await chainsOf(directory)) {
    positions.set(writer, await endOf(join(directory, writer)));
  }
  return advance;
}

async function readFrom(
  chain: string,
  from: Position,
): Promise<{ entries: ReadEntry[]; position: Position }> {
  const entries: ReadEntry[] = [];
  let position = from;
  for (const number of await segmentsOf(chain)) {
    if (number < position.number) continue;
    const start = number === position.number ? position.offset : 0;
    let end = start;
    for (const line of linesOf(await readSegment(chain, number, start), 0)) {
      end = start + line.end;
      const read = readLine(line);
      if (read !== undefined) entries.push(read);
    }
    position = { number, offset: end };
  }
  return { entries, position };
}

async function endOf(chain: string): Promise<Position> {
  const number = (await segmentsOf(chain)).at(-1);
  if (number === undefined) return { number: 1, offset: 0 };
  let offset = 0;
  for (const line of linesOf(await readSegment(chain, number), 0)) offset = line.end;
  return { number, offset };
}
