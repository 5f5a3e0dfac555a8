import type { Environment } from "../app/config/environment.ts";

/** What a command may touch of the process; main hands it down. */
export interface Shell {
  readonly environment: Environment;
  readonly workingDirectory: string;
  /** Answers go to stdout, everything said about them to stderr. */
  out(text: string): void;
  err(text: string): void;
  /** Where this is a process of its own: a service begins, and goes on if nobody reads its stdout. */
  keepOn?(): void;
  /** It is over, whether or not anybody reads its end. */
  endSoon?(): void;
}
