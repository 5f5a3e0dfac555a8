/** What the ledger calls a credential: never the value, never a path on this machine. */
export function nameOfSecret(ref: string): string {
  const rest = ref.slice(ref.indexOf("://") + 3);
  // Of `vault://secret/openai#key` and `k8s://agents/openai/key` the part that tells most.
  const place = ref.startsWith("k8s://")
    ? rest.slice(0, rest.lastIndexOf("/"))
    : rest.split("#")[0];
  return (place ?? rest).slice((place ?? rest).lastIndexOf("/") + 1);
}
