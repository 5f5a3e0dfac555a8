import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const OWNER_ONLY = 0o700;

/** Secrets and records live there: its owner's alone, and never committed. */
export function prepareDataDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: OWNER_ONLY });
  const ignore = join(directory, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
}
