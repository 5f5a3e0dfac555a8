/**
 * HashiCorp Vault over HTTP: the transit engine as a keeper of the vault's key, and KV version 2 for
 * single secrets. The token is a file, as Vault Agent writes one, read again with each request.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/secret/transit
 * @see https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
 */
import { readFile } from "node:fs/promises";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { codeOf } from "../../lib/caught.ts";
import { askJson } from "./ask-json.ts";
import type { KeyWrapper } from "./key-wrapper.ts";
import { VaultFault } from "./vault-fault.ts";

export interface VaultServer {
  readonly url: string;
  readonly tokenFile: string;
  /** Of Vault Enterprise. */
  readonly namespace: string | undefined;
  /** PEM of its authority; the system's otherwise. */
  readonly caFile: string | undefined;
}

export interface TransitKey {
  readonly server: VaultServer;
  readonly mount: string;
  readonly key: string;
}

export function createTransit({ server, mount, key }: TransitKey): KeyWrapper {
  const call = async (verb: "encrypt" | "decrypt", body: JsonObject): Promise<JsonObject> => {
    const answer = await ask(server, "POST", `${mount}/${verb}/${key}`, JSON.stringify(body));
    if (answer === undefined) throw new VaultFault(`Vault has no transit key ${mount}/${key}`);
    return answer;
  };
  return {
    name: `vault_transit ${mount}/${key}`,
    async wrap(plain) {
      return textOf(await call("encrypt", { plaintext: plain.toString("base64") }), "ciphertext");
    },
    async unwrap(wrapped) {
      return Buffer.from(
        textOf(await call("decrypt", { ciphertext: wrapped }), "plaintext"),
        "base64",
      );
    },
  };
}

export interface KvPlace {
  readonly mount: string;
  readonly path: string;
  readonly field: string;
}

/** Rejects with VaultFault. */
export async function readKv(
  server: VaultServer,
  { mount, path, field }: KvPlace,
): Promise<string> {
  const answer = await ask(server, "GET", `${mount}/data/${path}`, undefined);
  // A deleted version is answered with 404 or with no data.
  const data = answer?.["data"];
  if (!isJsonObject(data)) throw gone(`Vault has no secret ${mount}/${path}`);
  const value = data[field];
  if (typeof value !== "string") throw gone(`the secret ${mount}/${path} of Vault has no ${field}`);
  return value;
}

function gone(message: string): VaultFault {
  return new VaultFault(message, { isGone: true });
}

/** The answer's `data`; undefined where there is none. */
async function ask(
  { url, tokenFile, namespace, caFile }: VaultServer,
  method: "GET" | "POST",
  path: string,
  body: string | undefined,
): Promise<JsonObject | undefined> {
  const token = (await readText(tokenFile)).trim();
  const { status, body: answer } = await askJson({
    url: `${url.replace(/\/$/u, "")}/v1/${path}`,
    method,
    headers: {
      "x-vault-token": token,
      "x-vault-request": "true",
      ...(namespace !== undefined && { "x-vault-namespace": namespace }),
    },
    ...(body !== undefined && { body }),
    ca: caFile === undefined ? undefined : await readText(caFile),
  });
  if (status === 404) return undefined;
  if (status === 403) throw gone(`Vault answered 403 for ${path}: its policy or the token says no`);
  if (status !== 200) throw new VaultFault(`Vault answered ${status} for ${path}`);
  const data = answer["data"];
  return isJsonObject(data) ? data : undefined;
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new VaultFault(`${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
}

function textOf(data: JsonObject, key: string): string {
  const value = data[key];
  if (typeof value === "string") return value;
  throw new VaultFault(`Vault answered without ${key}`);
}
