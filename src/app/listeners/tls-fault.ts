/** A certificate that is configured cannot be used; the message says which file and why. */
export class TlsFault extends Error {
  /** To an agent's call it means what a wrong certificate does. */
  readonly code = "ERR_TLS_FILE";
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
