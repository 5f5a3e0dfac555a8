import { statSync } from "node:fs";
import { codeOf } from "../../lib/caught.ts";

/** Differs when the file was replaced, written, removed or made unreadable. */
export function markOf(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    return codeOf(error);
  }
}
