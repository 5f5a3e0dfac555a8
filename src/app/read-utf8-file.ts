import { readFileSync } from "node:fs";

/** Throws for what is not UTF-8: read loosely, a text would come out another than was written. */
export function readUtf8File(file: string): string {
  const bytes = readFileSync(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error("it is not UTF-8; save it as that", { cause });
  }
}
