/** Policies made through an API, as sources beside the operator's files. */
import type { PolicySource } from "../policy/compile-policy.ts";
import type { TenantId } from "../units.ts";
import type { BundleRecord } from "./directory-entry.ts";

/** Problems and records name them `api/<tenant>/<bundle>@<version>/<file>`. */
export function sourcesOf(
  tenant: TenantId,
  { name, version, files }: Pick<BundleRecord, "name" | "version" | "files">,
): readonly PolicySource[] {
  const folder = `api/${tenant}/${name}@${version}`;
  return files.map(({ name: file, text }) => ({ file: `${folder}/${file}`, text, tenant }));
}
