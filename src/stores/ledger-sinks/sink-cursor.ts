/** How far a sink has come, durable beside the ledger: `<data>/sinks/<name>.json`. */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isJsonObject } from "../../core/json.ts";
import { CHAIN_START, type ChainPosition } from "../ledger/read-onward.ts";
import { systemCodeOf } from "../../lib/caught.ts";

const OWNER_ONLY_DIRECTORY = 0o700;
const OWNER_ONLY_FILE = 0o600;

export type SinkCursor = Map<string, ChainPosition>;

export function cursorFile(dataDirectory: string, sink: string): string {
  return join(dataDirectory, "sinks", `${sink}.json`);
}

/** None where the sink is new. Throws where the file is there and cannot be read. */
export async function readCursor(path: string): Promise<SinkCursor> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return new Map();
    throw error;
  }
  const said: unknown = JSON.parse(text);
  if (!isJsonObject(said)) throw new Error(`${path} is no cursor`);
  return new Map(Object.entries(said).map(([writer, at]) => [writer, positionOf(at)]));
}

/** Whole or not at all, and durable. */
export async function writeCursor(path: string, cursor: SinkCursor): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  const draft = `${path}.new`;
  const file = await open(draft, "w", OWNER_ONLY_FILE);
  try {
    await file.writeFile(JSON.stringify(Object.fromEntries(cursor)));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

function positionOf(value: unknown): ChainPosition {
  if (!isJsonObject(value)) return CHAIN_START;
  const { number, offset } = value;
  return typeof number === "number" && typeof offset === "number"
    ? { number, offset }
    : CHAIN_START;
}
