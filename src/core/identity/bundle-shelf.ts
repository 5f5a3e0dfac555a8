/** Policies made through an API, as sources beside the operator's files. */
import type { PolicySource } from "../policy/compile-policy.ts";
import type { TenantId } from "../units.ts";
import type { BundleRecord } from "./directory-entry.ts";

export interface BundleShelf {
  put(id: string, tenant: TenantId, record: BundleRecord | undefined): void;
  /** Of active versions, by tenant and name; the same array until one changes. */
  sources(): readonly PolicySource[];
}

export function createBundleShelf(): BundleShelf {
  const shelf = new Map<string, readonly PolicySource[]>();
  let all: readonly PolicySource[] | undefined = [];
  return {
    put(id, tenant, record) {
      const isNew = record?.active === true;
      if (!isNew && !shelf.has(id)) return;
      if (isNew) shelf.set(id, sourcesOf(tenant, record));
      else shelf.delete(id);
      all = undefined;
    },
    sources() {
      all ??= [...shelf.values()].flat().toSorted((a, b) => (a.file < b.file ? -1 : 1));
      return all;
    },
  };
}

/** Problems and records name them `api/<tenant>/<bundle>@<version>/<file>`. */
export function sourcesOf(
  tenant: TenantId,
  { name, version, files }: Pick<BundleRecord, "name" | "version" | "files">,
): readonly PolicySource[] {
  const folder = `api/${tenant}/${name}@${version}`;
  return files.map(({ name: file, text }) => ({ file: `${folder}/${file}`, text, tenant }));
}
