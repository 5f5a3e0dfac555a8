/** What the ledger calls a credential: never the value, never a path on this machine. */
export function nameOfSecret(ref: string): string {
  const rest = ref.slice(ref.indexOf("://") + 3);
  return rest.slice(rest.lastIndexOf("/") + 1);
}
