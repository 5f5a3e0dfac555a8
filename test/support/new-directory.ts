import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const root = mkdtempSync(join(tmpdir(), "sallyport-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** An empty one, gone after the tests of the file that asked for it. */
export function newDirectory(): string {
  return mkdtempSync(join(root, "d-"));
}
