/**
 * The vault's key in its file, wrapped by a service. It is unwrapped once, before the vault is used;
 * from then on the vault is as quick and as synchronous as with a key of its own.
 */
import { randomFillSync, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isJsonObject } from "../../core/json.ts";
import { codeOf } from "../../lib/caught.ts";
import { keyOf, nextKeyPath, parseKey, VAULT_KEY_BYTES } from "./key-file.ts";
import type { KeyWrapper } from "./key-wrapper.ts";
import { VaultFault } from "./vault-fault.ts";

const FORMAT = "sallyport-kek/1";

export interface WrappedKeySource {
  readonly kind: "wrapped";
  readonly path: string;
  readonly wrapper: () => Promise<KeyWrapper>;
  /** What this process has unwrapped, by the text in the file. */
  readonly unwrapped: Map<string, KeyObject>;
  /** Made and wrapped beforehand: the next key that will be needed. */
  readonly spare: { text: string | undefined };
}

/** Unwraps what lies in the files, and has a spare ready. Rejects with VaultFault. */
export async function unwrapKeys(source: WrappedKeySource): Promise<void> {
  const { path, unwrapped } = source;
  const wrapper = await source.wrapper();
  for (const file of [path, nextKeyPath(path)]) {
    const text = readIfThere(file);
    if (text === undefined || unwrapped.has(text)) continue;
    unwrapped.set(text, await unwrapOne(text, wrapper, file));
  }
}

/** A wrapped key that came from elsewhere. Rejects with VaultFault. */
export async function unwrapText(
  { wrapper, unwrapped, path }: WrappedKeySource,
  text: string,
): Promise<void> {
  if (!unwrapped.has(text)) unwrapped.set(text, await unwrapOne(text, await wrapper(), path));
}

/** Before a key is made. Rejects with VaultFault. */
export async function prepareSpare({
  wrapper: open,
  unwrapped,
  spare,
}: WrappedKeySource): Promise<void> {
  if (spare.text !== undefined) return;
  const wrapper = await open();
  const bytes = randomFillSync(Buffer.alloc(VAULT_KEY_BYTES));
  const wrapped = await wrapper.wrap(bytes);
  const document = { format: FORMAT, wrapped_by: wrapper.name, wrapped };
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  unwrapped.set(text, keyOf(bytes));
  spare.text = text;
}

/** Throws VaultFault where it was not unwrapped before. */
export function unwrappedKey({ unwrapped }: WrappedKeySource, path: string): KeyObject {
  const text = readIfThere(path);
  if (text === undefined) throw new VaultFault(`the vault key ${path} cannot be read (ENOENT)`);
  const key = unwrapped.get(text);
  if (key === undefined) throw new VaultFault(`the vault key ${path} is not unwrapped yet`);
  return key;
}

/** The spare's text, once. Throws VaultFault where none was prepared. */
export function takeSpare({ spare }: WrappedKeySource): string {
  const { text } = spare;
  if (text === undefined) throw new VaultFault("no wrapped key is ready to be written");
  spare.text = undefined;
  return text;
}

/** A plain key from before there was a service opens the vault until it is renewed. */
async function unwrapOne(text: string, wrapper: KeyWrapper, file: string): Promise<KeyObject> {
  if (!text.startsWith("{")) return parseKey(text, file);
  const bytes = await wrapper.unwrap(wrappedIn(text, wrapper.name, file));
  if (bytes.length !== VAULT_KEY_BYTES) throw new VaultFault(`${file} holds no vault key`);
  return keyOf(bytes);
}

function wrappedIn(text: string, name: string, path: string): string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new VaultFault(`${path} holds no wrapped key`, { cause: error });
  }
  if (!isJsonObject(document) || document["format"] !== FORMAT) {
    throw new VaultFault(`${path} holds no wrapped key`);
  }
  const { wrapped, wrapped_by: by } = document;
  if (by !== name) {
    throw new VaultFault(
      `${path} was wrapped by ${typeof by === "string" ? by : "something else"}, not by ${name}`,
    );
  }
  if (typeof wrapped !== "string") throw new VaultFault(`${path} holds no wrapped key`);
  return wrapped;
}

function readIfThere(path: string): string | undefined {
  try {
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  } catch (error) {
    throw new VaultFault(`the vault key ${path} cannot be read (${codeOf(error)})`, {
      cause: error,
    });
  }
}
