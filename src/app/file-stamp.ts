import { statSync } from "node:fs";

/** Another text where the file is another one. A mounted ConfigMap swaps what links point to. */
export function fileStamp(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino}:${size}:${mtimeMs}`;
  } catch {
    return "absent";
  }
}
