/** A worker ended before it served; what is wrong, it has said itself. */
export class WorkerFault extends Error {
  /** What it ended with; undefined: a signal ended it. */
  readonly exitCode: number | undefined;

  constructor(exitCode: number | undefined) {
    super("a worker could not start");
    this.exitCode = exitCode;
  }
}
