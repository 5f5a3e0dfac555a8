import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unsealSecret } from "../../../src/stores/vault/sealed-secret.ts";
import { VaultFault } from "../../../src/stores/vault/vault-fault.ts";
import {
  readVault,
  rekeyVault,
  renewVaultKey,
  vaultPath,
} from "../../../src/stores/vault/vault-file.ts";
import { vaultKeySource } from "../../../src/stores/vault/vault-key.ts";
import { lentTo } from "../../../src/core/secret/secret-terms.ts";
import {
  AT,
  BINDING,
  LATER,
  newPlace,
  removeSecret,
  rotateSecret,
  secret,
  setSecret,
  VALUE,
  type VaultPlace,
} from "./vault-place.ts";

const OTHER_KEY = Buffer.alloc(32, 7).toString("base64");

/** Every secret in the vault, decrypted. */
function contents({ directory, key }: VaultPlace): Record<string, string> {
  const opened = readVault(directory, key);
  if (opened === undefined) return {};
  const { document, key: opens } = opened;
  return Object.fromEntries(document.secrets.map((one) => [one.name, unsealSecret(opens, one)]));
}

function secretsOf({ directory, key }: VaultPlace) {
  return readVault(directory, key)?.document.secrets ?? [];
}

function textOf({ directory }: VaultPlace): string {
  return readFileSync(vaultPath(directory), "utf8");
}

describe("the vault file", () => {
  it("gives back what was stored, and holds neither value nor key in clear", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    expect(contents(place)).toEqual({ openai: VALUE });

    const files = ["vault.json", "vault.lock"].map((name) =>
      readFileSync(join(place.directory, name), "latin1"),
    );
    for (const form of [VALUE, btoa(VALUE), Buffer.from(VALUE).toString("hex")]) {
      for (const text of files) expect(text).not.toContain(form);
    }
  });

  it("keeps versions, dates and binding", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    rotateSecret(place, secret("openai"), "sk-test-rotated", LATER);
    expect(secretsOf(place)).toMatchObject([
      {
        current: 2,
        versions: [
          { number: 1, createdAt: AT },
          { number: 2, createdAt: LATER },
        ],
        createdAt: AT,
        changedAt: LATER,
        terms: { binding: BINDING },
      },
    ]);
    expect(contents(place)).toEqual({ openai: "sk-test-rotated" });
  });

  it("removes a secret without a trace of it", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    setSecret(place, secret("github"), BINDING, VALUE, AT);
    removeSecret(place, secret("openai"));
    expect(contents(place)).toEqual({ github: VALUE });
    expect(textOf(place)).not.toContain('openai"');
  });

  it("neither rotates nor removes a secret that is not there", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const before = textOf(place);
    expect(rotateSecret(place, secret("nope"), VALUE, AT)).toBe(false);
    expect(removeSecret(place, secret("nope"))).toBe(false);
    expect(textOf(place)).toBe(before);
  });

  it.each(["short", "two\nlines here", "schlüsselwort", ""])(
    "refuses the value %j and does not quote it",
    (value) => {
      const place = newPlace();
      expect(() => setSecret(place, secret("openai"), BINDING, value, AT)).toThrow(VaultFault);
      expect(existsSync(vaultPath(place.directory))).toBe(false);
    },
  );

  it("keeps every file it writes to its owner", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    for (const name of ["vault.json", "vault.key"]) {
      expect(statSync(join(place.directory, name)).mode & 0o777).toBe(0o600);
    }
  });

  it("refuses a generated key that others can read", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    chmodSync(join(place.directory, "vault.key"), 0o644);
    expect(() => contents(place)).toThrow(/chmod 600/u);
  });
});

describe("a vault that is not what was written", () => {
  const place = newPlace();
  setSecret(place, secret("openai"), BINDING, VALUE, AT);
  setSecret(place, secret("github"), { ...BINDING, methods: [] }, "ghp-another-secret", AT);
  const good = textOf(place);

  /** What comes out if this text is found on disk. */
  function reading(text: string | Buffer): Record<string, string> {
    writeFileSync(vaultPath(place.directory), text);
    return contents(place);
  }

  it("is never read as something else, whichever byte is flipped", () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        let read: unknown;
        try {
          read = reading(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(VaultFault);
          expect(String(error)).not.toContain(VALUE);
          return;
        }
        // Only white space between the members can change without a difference.
        expect(read).toEqual({ openai: VALUE, github: "ghp-another-secret" });
        expect(JSON.parse(bytes.toString())).toEqual(JSON.parse(good));
      }),
      { numRuns: 1_500 },
    );
  });

  it("is not read when cut anywhere", () => {
    for (let end = 0; end < good.trimEnd().length; end += 17) {
      expect(() => reading(good.slice(0, end))).toThrow(VaultFault);
    }
  });

  const edits: [string, (vault: ReturnType<typeof JSON.parse>) => void][] = [
    [
      "two records swapped their values",
      ({ secrets: [a, b] }) => {
        [a.versions, b.versions] = [b.versions, a.versions];
      },
    ],
    [
      "two records swapped their names",
      ({ secrets: [a, b] }) => ([a.name, b.name] = [b.name, a.name]),
    ],
    [
      "an origin was changed",
      ({ secrets: [a] }) => (a.terms.binding.origin = "https://evil.example"),
    ],
    ["a method list was emptied", ({ secrets: [a] }) => (a.terms.binding.methods = [])],
    ["a version was set back", ({ secrets: [a] }) => (a.current = 0)],
    ["an agent was let in", ({ secrets: [a] }) => a.terms.allowed_agents.push("evil")],
    ["delivery was switched on", ({ secrets: [a] }) => (a.terms.deliver = true)],
    ["a record was removed", (vault) => vault.secrets.pop()],
    ["a record was repeated", (vault) => vault.secrets.push(vault.secrets[0])],
    ["the generation was raised", (vault) => (vault.generation += 1)],
    ["the MAC was removed", (vault) => delete vault.mac],
  ];
  it.each(edits)("is not read when %s", (_what, edit) => {
    const vault = JSON.parse(good);
    edit(vault);
    expect(() => reading(JSON.stringify(vault))).toThrow(VaultFault);
  });

  it("is not read with an old record put back, although that record is genuine", () => {
    const own = newPlace();
    setSecret(own, secret("openai"), BINDING, VALUE, AT);
    const old = JSON.parse(textOf(own));
    rotateSecret(own, secret("openai"), "sk-test-rotated", LATER);
    const vault = JSON.parse(textOf(own));
    vault.secrets = old.secrets;
    writeFileSync(vaultPath(own.directory), JSON.stringify(vault));
    expect(() => contents(own)).toThrow(/changed by something other/u);
  });

  it("does not decrypt a record under another name, even past the MAC", () => {
    writeFileSync(vaultPath(place.directory), good);
    const opened = readVault(place.directory, place.key);
    const [a, b] = opened?.document.secrets ?? [];
    if (opened === undefined || a === undefined || b === undefined) throw new Error("no vault");
    const renumbered = a.versions.map((version) => ({ ...version, number: 2 }));
    for (const forged of [
      { ...a, versions: b.versions },
      { ...a, current: 2, versions: renumbered },
      { ...a, current: 2 },
      { ...a, terms: b.terms },
      { ...a, terms: { ...a.terms, deliver: true } },
      { ...a, tenant: "x" as typeof a.tenant },
    ]) {
      expect(() => unsealSecret(opened.key, forged)).toThrow(VaultFault);
    }
    expect(unsealSecret(opened.key, a)).toBe(VALUE);
  });
});

describe("a vault of the first format", () => {
  const place = newPlace(OTHER_KEY);
  const text = readFileSync(new URL("./first-format.json", import.meta.url), "utf8");

  it("is read as it is, and written anew with the next change", () => {
    writeFileSync(vaultPath(place.directory), text);
    expect(contents(place)).toEqual({ openai: VALUE });
    expect(textOf(place)).toBe(text);
    expect(secretsOf(place)).toMatchObject([
      { current: 2, last: 2, versions: [{ number: 2 }], terms: lentTo(BINDING) },
    ]);
    setSecret(place, secret("github"), BINDING, "ghp-another-secret", LATER);
    expect(JSON.parse(textOf(place)).format).toBe("sallyport-vault/2");
    expect(contents(place)).toEqual({ openai: VALUE, github: "ghp-another-secret" });
  });

  it.each(["origin", "wrapped_key", "sealed_value", "version"])(
    "is not when its %s is another",
    (key) => {
      const vault = JSON.parse(text);
      const [record] = vault.secrets;
      if (key === "origin") record.binding.origin = "https://evil.example";
      else record[key] = key === "version" ? 3 : record[key].replace(/^..../, "AAAA");
      writeFileSync(vaultPath(place.directory), JSON.stringify(vault));
      expect(() => contents(place)).toThrow(VaultFault);
    },
  );
});

describe("the vault's key", () => {
  it.each([
    ["base64", OTHER_KEY],
    ["base64url without padding", Buffer.alloc(32, 0xfb).toString("base64url")],
    ["hex, with a line break", `${Buffer.alloc(32, 7).toString("hex")}\n`],
  ])("may come from the environment as %s", (_form, text) => {
    const place = newPlace(text);
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    expect(contents(place)).toEqual({ openai: VALUE });
    expect(existsSync(join(place.directory, "vault.key"))).toBe(false);
  });

  it.each(["", "short", "g".repeat(64), Buffer.alloc(16).toString("base64"), "a".repeat(66)])(
    "is not %j",
    (text) => {
      const place = newPlace(text);
      expect(() => setSecret(place, secret("openai"), BINDING, VALUE, AT)).toThrow(
        /SALLYPORT_VAULT_KEY does not hold a vault key/u,
      );
    },
  );

  it("is told apart from a changed vault when it is the wrong one", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const wrong = vaultKeySource({ key: OTHER_KEY, keyFile: undefined }, place.directory);
    expect(() => readVault(place.directory, wrong)).toThrow(/sealed under another key/u);
    expect(() => setSecret({ ...place, key: wrong }, secret("x"), BINDING, VALUE, AT)).toThrow(
      /sealed under another key/u,
    );
  });

  it("is not made anew for a vault whose key is lost", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    rmSync(join(place.directory, "vault.key"));
    expect(() => setSecret(place, secret("x"), BINDING, VALUE, AT)).toThrow(
      /vault\.key cannot be read/u,
    );
    expect(existsSync(join(place.directory, "vault.key"))).toBe(false);
  });

  it("is refused when the settings name two", () => {
    const two = { key: OTHER_KEY, keyFile: "/x" };
    expect(() => vaultKeySource(two, "/data")).toThrow(/not both/u);
  });

  it("can be renewed, and the old one opens nothing any more", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const old = readFileSync(join(place.directory, "vault.key"), "utf8");
    expect(renewVaultKey(place.directory, place.key)).toBe(1);
    expect(contents(place)).toEqual({ openai: VALUE });
    const before = vaultKeySource({ key: old, keyFile: undefined }, place.directory);
    expect(() => readVault(place.directory, before)).toThrow(/sealed under another key/u);
  });

  it("survives a renewal that was cut short, and another one after it", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const old = readFileSync(join(place.directory, "vault.key"));
    renewVaultKey(place.directory, place.key);
    // As if the process had died between writing the vault and renaming the key.
    const key = join(place.directory, "vault.key");
    renameSync(key, `${key}.next`);
    writeFileSync(key, old, { mode: 0o600 });

    expect(contents(place)).toEqual({ openai: VALUE });
    // The next writer ends it, before anything could overwrite the only key that opens the vault.
    rotateSecret(place, secret("openai"), "sk-test-rotated", LATER);
    expect(existsSync(`${key}.next`)).toBe(false);
    expect(contents(place)).toEqual({ openai: "sk-test-rotated" });
    renewVaultKey(place.directory, place.key);
    expect(contents(place)).toEqual({ openai: "sk-test-rotated" });
  });

  it("ignores a next key that was never used", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    writeFileSync(join(place.directory, "vault.key.next"), OTHER_KEY, { mode: 0o600 });
    expect(contents(place)).toEqual({ openai: VALUE });
  });

  it("can be exchanged for the operator's own", () => {
    const place = newPlace();
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const own = vaultKeySource({ key: OTHER_KEY, keyFile: undefined }, place.directory);
    expect(rekeyVault(place.directory, place.key, own)).toBe(1);
    expect(contents({ ...place, key: own })).toEqual({ openai: VALUE });
    expect(() => contents(place)).toThrow(/sealed under another key/u);
  });
});

describe("several writers at once", () => {
  it("lose nothing of each other's", async () => {
    const place = newPlace();
    const module = new URL("../../../src/stores/vault/vault-secrets.ts", import.meta.url).href;
    const script = `
      const { changeSecret } = await import(${JSON.stringify(module)});
      const place = JSON.parse(process.env.PLACE);
      const change = { kind: "store", value: "${VALUE}", terms: JSON.parse(process.env.TERMS), mustBe: "any" };
      for (let i = 0; i < 5; i += 1) {
        const name = process.env.WHO + i;
        changeSecret(place, { tenant: place.tenant, name, at: ${AT}, expect: "any" }, change);
      }`;
    const writers = ["a", "b", "c", "d"];
    await Promise.all(
      writers.map((WHO) =>
        promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
          env: { PLACE: JSON.stringify(place), TERMS: JSON.stringify(lentTo(BINDING)), WHO },
        }),
      ),
    );
    const names = writers.flatMap((who) => [0, 1, 2, 3, 4].map((i) => `${who}${i}`));
    expect(Object.keys(contents(place)).toSorted()).toEqual(names);
    expect(readVault(place.directory, place.key)?.document.generation).toBe(20);
  });
});
