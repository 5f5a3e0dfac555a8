/** The vault that replicas share, on a real PostgreSQL: one truth, a copy on each machine. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { lentTo, NOBODYS } from "../../src/core/secret/secret-terms.ts";
import type { SecretStore } from "../../src/core/secret/secret-store.ts";
import { id, instant, type SecretName, type TenantId } from "../../src/core/units.ts";
import { createFileSecretStore } from "../../src/stores/vault/file-secret-store.ts";
import type { KeyWrapper } from "../../src/stores/vault/key-wrapper.ts";
import { SharedVault } from "../../src/stores/postgres/shared-vault.ts";
import { rekeyVault, renewVaultKey } from "../../src/stores/vault/vault-file.ts";
import {
  openVaultKey,
  prepareNextKey,
  vaultKeySource,
  type VaultKeySource,
} from "../../src/stores/vault/vault-key.ts";
import { startPostgres, type PostgresServer } from "../support/postgres-server.ts";
import { BINDING } from "../unit/secret/vault-place.ts";

const TENANT: TenantId = id("default");
const KEY = randomBytes(32).toString("base64");
const cleanups = new AsyncDisposableStack();
let postgres: PostgresServer;

afterAll(() => cleanups.disposeAsync());
beforeAll(async () => {
  postgres = cleanups.use(await startPostgres());
}, 120_000);
beforeEach(async () => void (await ask("DROP TABLE IF EXISTS vault_document, vault_version")));

async function ask(sql: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return JSON.stringify(rows);
}

interface Machine {
  readonly directory: string;
  readonly key: VaultKeySource;
  readonly shared: SharedVault;
  readonly store: SecretStore;
  readonly faults: string[];
}

function machine(
  key: (directory: string) => VaultKeySource = environmentKey(KEY),
  url = postgres.url,
): Machine {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-shared-vault-"));
  cleanups.defer(() => rmSync(directory, { recursive: true, force: true }));
  const faults: string[] = [];
  const home = { directory, key: key(directory) };
  const onFault = ({ message }: Error): void => void faults.push(message);
  const shared = cleanups.use(new SharedVault({ ...home, url, onFault }));
  return { ...home, shared, faults, store: createFileSecretStore(home, shared) };
}

function environmentKey(text: string): (directory: string) => VaultKeySource {
  return (directory) => vaultKeySource({ key: text, keyFile: undefined }, directory);
}

const place = (name: string, expect: number | "any" = "any") => ({
  tenant: TENANT,
  name: id<SecretName>(name),
  expect,
  at: instant(1),
});

function set({ store }: Machine, name: string, value: string, expect: number | "any" = "any") {
  const change = { kind: "store", value, terms: NOBODYS, mustBe: "any" } as const;
  return store.change(place(name, expect), change);
}

const valueAt = async ({ store }: Machine, name: string) =>
  (await store.reveal(TENANT, id<SecretName>(name)))?.value;

const names = async ({ store }: Machine) => (await store.list(TENANT)).map(({ name }) => name);

describe("two machines with one vault", () => {
  it("have what was stored at either, at once, sealed in the database", async () => {
    const [one, two] = [machine(), machine()];
    await set(one, "openai", "canary-value-1");
    expect(await valueAt(two, "openai")).toBe("canary-value-1");
    await set(two, "openai", "canary-value-2");
    expect(await valueAt(one, "openai")).toBe("canary-value-2");
    await two.store.change(place("openai"), { kind: "remove" });
    expect(await names(one)).toEqual([]);
    await set(one, "github", "canary-value-3");
    const dump = await ask("SELECT * FROM vault_document");
    expect(dump).toContain("github");
    expect(dump).not.toContain("canary");
  });

  it("lose nothing of what both store at the same time", async () => {
    const machines = [machine(), machine()];
    const wanted = Array.from(
      { length: 12 },
      (_one, at) => `secret-${String(at).padStart(2, "0")}`,
    );
    const storing = machines.flatMap((one, at) =>
      wanted.filter((_name, n) => n % 2 === at).map((name) => set(one, name, `value-of-${name}`)),
    );
    await Promise.all(storing);
    for (const one of machines) expect(await names(one)).toEqual(wanted);
  });

  it("let one of two win who saw the same revision", async () => {
    const [one, two] = [machine(), machine()];
    await set(one, "openai", "value-0000");
    const replies = await Promise.all([
      set(one, "openai", "value-1111", 1),
      set(two, "openai", "value-2222", 1),
    ]);
    expect(replies.map(({ kind }) => kind).toSorted()).toEqual(["changed", "refused"]);
    expect(await valueAt(one, "openai")).toBe(await valueAt(two, "openai"));
  });

  it("go on lending while the database is away, and change nothing", async () => {
    const one = machine();
    await set(one, "openai", "value-0000");
    const { directory, key } = one;
    const gone = postgres.url.replace(/:\d+\//, ":1/");
    const faults: string[] = [];
    const onFault = ({ message }: Error): void => void faults.push(message);
    await using shared = new SharedVault({ directory, key, url: gone, onFault });
    const store = createFileSecretStore({ directory, key }, shared);
    const cut = { ...one, store };
    expect(await valueAt(cut, "openai")).toBe("value-0000");
    expect(await set(cut, "openai", "value-1111")).toMatchObject({ kind: "unreachable" });
    await names(cut);
    expect(faults).toEqual([expect.stringContaining("the shared vault cannot be reached")]);
    expect(await valueAt(one, "openai")).toBe("value-0000");
  });

  it("keep a vault from before they shared one beside the new one, and say so", async () => {
    const [one, two] = [machine(), machine()];
    const alone = createFileSecretStore(two);
    await set({ ...two, store: alone }, "mine", "value-mine");
    await set(one, "openai", "value-0000");
    expect(await names(two)).toEqual(["openai"]);
    expect(two.faults).toEqual([expect.stringContaining("vault.json.unshared")]);
    expect(readFileSync(join(two.directory, "vault.json.unshared"), "utf8")).toContain("mine");
  });

  it("begin with the vault of the first that comes", async () => {
    const [one, two] = [machine(), machine()];
    await set({ ...one, store: createFileSecretStore(one) }, "openai", "value-0000");
    await one.shared.pull();
    expect(await valueAt(two, "openai")).toBe("value-0000");
    expect([...one.faults, ...two.faults]).toEqual([]);
  });

  it("do not take a vault that their key does not open", async () => {
    const one = machine();
    const other = machine(environmentKey(randomBytes(32).toString("base64")));
    await set({ ...other, store: createFileSecretStore(other) }, "mine", "value-mine");
    await set(one, "openai", "value-0000");
    expect(await valueAt(other, "mine")).toBe("value-mine");
    expect(other.faults).toEqual([expect.stringContaining("another key")]);
    expect(await set(other, "more", "value-more")).toMatchObject({ kind: "unreachable" });
    expect(await names(one)).toEqual(["openai"]);
  });

  it("take another key when each of them is given it", async () => {
    const [one, two] = [machine(), machine()];
    await set(one, "openai", "value-0000");
    await two.shared.pull();
    const path = join(one.directory, "next.key");
    writeFileSync(path, randomBytes(32).toString("base64"));
    const next = { kind: "file", path } as const;
    await one.shared.reseal(() => rekeyVault(one.directory, one.key, next));
    expect(await valueAt(two, "openai")).toBe("value-0000");
    expect(two.faults).toEqual([expect.stringContaining("another key")]);
    const { directory } = two;
    await using shared = new SharedVault({
      directory,
      key: next,
      url: postgres.url,
      onFault: () => undefined,
    });
    const renewed = { ...two, store: createFileSecretStore({ directory, key: next }, shared) };
    await set(renewed, "github", "value-1111");
    expect(await names(renewed)).toEqual(["github", "openai"]);
  });
});

it("a machine whose key file holds both keys goes on over a change of key", async () => {
  const keys = [1, 2].map(() => randomBytes(32).toString("base64"));
  const given = (directory: string): VaultKeySource => {
    const path = join(directory, "given.key");
    writeFileSync(path, keys.join("\n"));
    return { kind: "file", path };
  };
  const [one, two] = [machine(given), machine(given)];
  await set(one, "openai", "value-0000");
  await two.shared.pull();
  const path = join(one.directory, "next.key");
  writeFileSync(path, String(keys[1]));
  await one.shared.reseal(() => rekeyVault(one.directory, one.key, { kind: "file", path }));
  await two.shared.pull();
  await set(two, "github", "value-1111");
  await one.shared.pull();
  expect(await names(one)).toEqual(["github", "openai"]);
  expect([...one.faults, ...two.faults]).toEqual([]);
});

describe("two machines whose key a service wraps", () => {
  const master = randomBytes(32);
  const wrapper: KeyWrapper = {
    name: "double",
    async wrap(plain) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", master, nonce);
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
    },
    async unwrap(wrapped) {
      const bytes = Buffer.from(wrapped, "base64");
      const cipher = createDecipheriv("aes-256-gcm", master, bytes.subarray(0, 12));
      cipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]);
    },
  };
  const wrapped = (directory: string): VaultKeySource =>
    vaultKeySource({ key: undefined, keyFile: undefined, wrapper: async () => wrapper }, directory);

  it("share the wrapped key with the vault, and its renewal", async () => {
    const [one, two] = [machine(wrapped), machine(wrapped)];
    await set(one, "openai", "value-0000");
    expect(await valueAt(two, "openai")).toBe("value-0000");
    await set(two, "github", "value-1111");
    expect(await names(one)).toEqual(["github", "openai"]);
    await openVaultKey(two.key);
    await prepareNextKey(two.key);
    await two.shared.reseal(() => renewVaultKey(two.directory, two.key));
    expect(await valueAt(one, "github")).toBe("value-1111");
    const keyOf = ({ directory }: Machine) => readFileSync(join(directory, "vault.key"), "utf8");
    expect(keyOf(one)).toBe(keyOf(two));
    await set(one, "openai", "value-2222");
    expect(await valueAt(two, "openai")).toBe("value-2222");
    expect([...one.faults, ...two.faults]).toEqual([]);
    expect(existsSync(join(one.directory, "vault.key.next"))).toBe(false);
  });

  it("keep what is bound as bound as it was", async () => {
    const [one, two] = [machine(wrapped), machine(wrapped)];
    const terms = lentTo(BINDING);
    const change = { kind: "store", value: "value-0000", terms, mustBe: "any" } as const;
    await one.store.change(place("openai"), change);
    expect(await two.store.find(TENANT, id<SecretName>("openai"))).toMatchObject({
      terms: { binding: BINDING },
    });
  });
});
