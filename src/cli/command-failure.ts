/** A command that cannot do its job: one sentence, what to do, and the exit code. Not a bug. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: number;
  readonly remedy: string | undefined;

  constructor(exitCode: number, message: string, remedy?: string) {
    super(message);
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}
