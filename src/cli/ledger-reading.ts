/** What the `ledger` commands have in common. */
import type { Command } from "commander";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-code.ts";

export interface DataOption {
  readonly data?: string;
}

export function withData(command: Command) {
  return command.option("--data <dir>", "the data directory (default: as configured)");
}

/** One line for programs. */
export function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** What the disk refuses to show is neither whole nor broken. */
export async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.usage, `the ledger cannot be read: ${why}`);
  }
}
