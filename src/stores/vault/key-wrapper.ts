/** A service that keeps a key of its own and wraps the vault's under it. */
export interface KeyWrapper {
  /** Names service and key in the key file: `aws_kms arn:aws:kms:…`. */
  readonly name: string;
  /** Base64, or whatever text the service gives. Rejects with VaultFault. */
  wrap(key: Buffer): Promise<string>;
  /** Rejects with VaultFault. */
  unwrap(wrapped: string): Promise<Buffer>;
}
