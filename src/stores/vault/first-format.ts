/**
 * Vaults of the first format, which kept one version of a secret and no terms but its binding. They
 * are read as they are and written anew with the next change.
 */
import type { KeyObject } from "node:crypto";
import type { JsonObject } from "../../core/json.ts";
import { secretName } from "../../core/secret/secret-ref.ts";
import { lentTo } from "../../core/secret/secret-terms.ts";
import { id, type TenantId } from "../../core/units.ts";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { unseal } from "../../lib/seal.ts";
import { countOf, malformed, textOf, timeOf } from "./json-members.ts";
import { sealValue, type SealedSecret } from "./sealed-secret.ts";
import { bindingFromJson } from "./terms-json.ts";

export const FIRST_FORMAT = "sallyport-vault/1";

/** The record, sealed in memory as it would be written today. Throws VaultFault. */
export function fromFirstFormat(record: JsonObject, key: KeyObject): SealedSecret {
  const name = secretName(textOf(record, "name"));
  if (name === undefined) throw malformed("name");
  const binding = bindingFromJson(record["binding"]);
  const version = countOf(record, "version");
  const tenant: TenantId = id(textOf(record, "tenant"));
  const context = (part: "key" | "value"): Buffer =>
    Buffer.from(canonicalJson([FIRST_FORMAT, part, tenant, name, version, { ...binding }]));
  const own = unseal(key, textOf(record, "wrapped_key"), context("key"));
  const plain = own && unseal(own, textOf(record, "sealed_value"), context("value"));
  own?.fill(0);
  if (plain === undefined) throw malformed("sealed_value");
  const terms = lentTo(binding);
  const changedAt = timeOf(record, "changed_at");
  const seals = sealValue(key, { tenant, name, version, terms }, plain.toString());
  plain.fill(0);
  return {
    tenant,
    name,
    terms,
    revision: version,
    current: version,
    last: version,
    versions: [{ number: version, createdAt: changedAt, ...seals }],
    createdAt: timeOf(record, "created_at"),
    changedAt,
  };
}
