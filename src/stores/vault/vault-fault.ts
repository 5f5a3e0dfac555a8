/** The vault cannot be used as it is. The message is for the operator and never holds a secret. */
export class VaultFault extends Error {
  override readonly name = "VaultFault";
  /** Whoever keeps it answered, and does not have it or does not give it. */
  readonly isGone: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isGone?: boolean } = {}) {
    super(message, options);
    this.isGone = options.isGone ?? false;
  }
}
