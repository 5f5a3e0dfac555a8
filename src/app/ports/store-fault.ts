/** The configured store must not be used as it is; the operator has to change something. */
export class StoreFault extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
