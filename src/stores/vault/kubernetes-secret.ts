/**
 * Secrets of the Kubernetes API, with the pod's own service account.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/
 */
import { isJsonObject } from "../../core/json.ts";
import { askJson } from "./ask-json.ts";
import { readText } from "./hashicorp-vault.ts";
import { VaultFault } from "./vault-fault.ts";

export interface KubernetesApi {
  readonly url: string;
  readonly tokenFile: string;
  /** PEM; undefined: the system's authorities. */
  readonly caFile: string | undefined;
}

export interface KubernetesPlace {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/** Rejects with VaultFault. */
export async function readKubernetesSecret(
  { url, tokenFile, caFile }: KubernetesApi,
  { namespace, name, key }: KubernetesPlace,
): Promise<string> {
  const token = (await readText(tokenFile)).trim();
  const { status, body } = await askJson({
    url: `${url.replace(/\/$/u, "")}/api/v1/namespaces/${namespace}/secrets/${name}`,
    method: "GET",
    headers: { authorization: `Bearer ${token}`, accept: "application/json" },
    ca: caFile === undefined ? undefined : await readText(caFile),
  });
  if (status !== 200) {
    const isGone = status === 403 || status === 404;
    const message = `Kubernetes answered ${status} for the secret ${namespace}/${name}`;
    throw new VaultFault(message, { isGone });
  }
  const { data } = body;
  const value = isJsonObject(data) ? data[key] : undefined;
  if (typeof value !== "string") {
    const message = `the Kubernetes secret ${namespace}/${name} has no ${key}`;
    throw new VaultFault(message, { isGone: true });
  }
  return Buffer.from(value, "base64").toString();
}
