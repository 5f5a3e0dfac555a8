import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * A package that many processes never need, loaded with its first use. Synchronously, ES modules
 * too: what reads a policy or a price cannot wait. Whoever would first use it inside a request says
 * so when policies load.
 */
export function onNeed<Package>(name: string): () => Package {
  let loaded: Package | undefined;
  return () => (loaded ??= require(name));
}
