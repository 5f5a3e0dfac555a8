/** `<ledger>/<writer>/heads.jsonl`: the signed tree heads of one chain, one a line, oldest first. */
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseHead, type SignedHead } from "../../core/ledger/tree-head.ts";
import { systemCodeOf } from "../../lib/caught.ts";
import { chainsOf } from "./read-ledger.ts";

const HEAD_FILE = "heads.jsonl";
const PRIVATE_MODE = 0o600;

/** Durable when it resolves. */
export async function appendHead(chain: string, line: string): Promise<void> {
  await appendFile(join(chain, HEAD_FILE), `${line}\n`, { flush: true, mode: PRIVATE_MODE });
}

/** A line of a file of heads: what it says, or nothing where it is no head. */
export interface HeadLine {
  readonly line: number;
  readonly head: SignedHead | undefined;
}

export async function headsOfChain(chain: string): Promise<readonly HeadLine[]> {
  return readHeads(join(chain, HEAD_FILE));
}

/** The last head that each chain's own writer signed. `directory` is the ledger's. */
export async function lastHeads(directory: string): Promise<readonly SignedHead[]> {
  const last: SignedHead[] = [];
  for (const writer of await chainsOf(directory)) {
    const heads = await headsOfChain(join(directory, writer));
    const own = heads.findLast(({ head }) => head?.writer === writer)?.head;
    if (own !== undefined) last.push(own);
  }
  return last;
}

/** None where there is no such file. A last line that a crash cut is left out. */
export async function readHeads(path: string): Promise<readonly HeadLine[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  return complete
    .split("\n")
    .flatMap((line, at) => (line === "" ? [] : [{ line: at + 1, head: headOf(line) }]));
}

function headOf(line: string): SignedHead | undefined {
  try {
    return parseHead(JSON.parse(line));
  } catch {
    return undefined;
  }
}
