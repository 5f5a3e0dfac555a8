import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { id, type TenantId } from "../../../src/core/units.ts";
import { LocalVault, type LocalVaultOptions } from "../../../src/stores/vault/local-vault.ts";
import { rekeyVault, vaultPath } from "../../../src/stores/vault/vault-file.ts";
import { vaultKeySource } from "../../../src/stores/vault/vault-key.ts";
import {
  AT,
  BINDING,
  LATER,
  newPlace,
  removeSecret,
  rotateSecret,
  secret,
  setSecret,
  upstream,
  VALUE,
} from "./vault-place.ts";

const open: LocalVault[] = [];

afterEach(() => {
  for (const vault of open.splice(0)) vault[Symbol.dispose]();
});

function vaultIn(directory: string, change: Partial<LocalVaultOptions> = {}): LocalVault {
  const vault = new LocalVault({
    directory,
    key: vaultKeySource({ key: undefined, keyFile: undefined }, directory),
    tenant: id("default"),
    environment: {},
    ...change,
  });
  open.push(vault);
  return vault;
}

function vaultWithSecret() {
  const place = newPlace();
  setSecret(place, secret("openai"), BINDING, VALUE, AT);
  return { place, vault: vaultIn(place.directory) };
}

const ask = (vault: LocalVault, to = upstream({}), method = "POST", path = "/v1/responses") =>
  vault.credentialFor(to, method, path);

/** A vault under a key that its operator gave by a file. */
function keyedPlace() {
  const own = newPlace();
  const { directory } = own;
  const path = join(directory, "given.key");
  const [old, next] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString("base64"));
  const give = (...keys: (string | undefined)[]) => writeFileSync(path, `${keys.join("\n")}\n`);
  give(old);
  const place = { ...own, key: vaultKeySource({ key: undefined, keyFile: path }, directory) };
  setSecret(place, secret("openai"), BINDING, VALUE, AT);
  const vault = vaultIn(directory, { key: place.key, pollMs: 10 });
  const reseal = () => {
    const to = join(directory, "next.key");
    writeFileSync(to, `${next}`);
    rekeyVault(directory, place.key, { kind: "file", path: to });
  };
  return { vault, give, old, next, reseal };
}

describe("another key in the file that the operator gave", () => {
  it("is taken without a restart", async () => {
    const { vault, give, next, reseal } = keyedPlace();
    reseal();
    await eventually(() => expect(ask(vault)).toMatchObject({ kind: "halt" }));
    give(next);
    await eventually(() => expect(ask(vault)).toMatchObject({ kind: "pass" }));
  });

  it("takes the old one's place without a call missed, while the file holds both", async () => {
    const { vault, give, old, next, reseal } = keyedPlace();
    const steps = [() => give(old, next), reseal, () => give(next)];
    for (const step of steps) {
      step();
      vault.refresh();
      expect(ask(vault)).toMatchObject({ kind: "pass" });
    }
  });
});

describe("credentialFor a vault secret", () => {
  it("writes it as the binding says, with a label that names the version", () => {
    const { vault } = vaultWithSecret();
    expect(ask(vault)).toMatchObject({
      value: { header: "authorization", value: `Bearer ${VALUE}`, label: "openai@1" },
    });
  });

  it("knows the forms in which the bare secret may come back", () => {
    const { vault } = vaultWithSecret();
    expect(ask(vault)).toMatchObject({
      value: { echoes: expect.arrayContaining([VALUE, btoa(VALUE)]) },
    });
  });

  it("is worked out once", () => {
    const { vault } = vaultWithSecret();
    const to = upstream({});
    expect(ask(vault, to)).toBe(ask(vault, to));
  });

  it("gives nothing to an upstream that has no credential", () => {
    const { vault } = vaultWithSecret();
    expect(ask(vault, upstream(undefined))).toEqual({ kind: "pass", value: undefined });
  });

  it.each([
    ["another host", upstream({}, { origin: "https://evil.example" })],
    ["another port", upstream({}, { origin: "https://api.openai.com:8443" })],
    ["another scheme", upstream({}, { origin: "http://api.openai.com" })],
    ["a host that ends alike", upstream({}, { origin: "https://api.openai.com.evil.example" })],
    ["another header", upstream({ header: "x-api-key" })],
    ["another format", upstream({ format: "{}" })],
    ["only other methods", upstream({ methods: ["GET"] })],
    ["only other paths", upstream({ paths: ["/v1/models"] })],
  ])("is forbidden for %s", (_what, to) => {
    const { vault } = vaultWithSecret();
    expect(ask(vault, to)).toMatchObject({ refusal: { code: "credential_forbidden" } });
  });

  it.each([
    ["GET", "/v1/responses"],
    ["POST", "/v2/responses"],
    ["POST", "/admin"],
    ["post", "/v1/responses"],
  ])("is forbidden for %s %s", (method, path) => {
    const { vault } = vaultWithSecret();
    expect(ask(vault, upstream({}), method, path)).toMatchObject({
      refusal: { code: "credential_forbidden" },
    });
  });

  it("binds to the path at the origin, whatever part of it the upstream's URL already holds", () => {
    const { vault } = vaultWithSecret();
    const below = upstream({}, { pathPrefix: "/v1" });
    expect(ask(vault, below, "POST", "/responses")).toMatchObject({ kind: "pass" });
    expect(ask(vault, upstream({}), "POST", "/responses")).toMatchObject({ kind: "halt" });
  });

  it("lets the configuration narrow further, below the upstream", () => {
    const { vault } = vaultWithSecret();
    const narrow = upstream({ paths: ["/responses"], methods: ["post"] }, { pathPrefix: "/v1" });
    expect(ask(vault, narrow, "POST", "/responses")).toMatchObject({ kind: "pass" });
    expect(ask(vault, narrow, "POST", "/chat/completions")).toMatchObject({ kind: "halt" });
  });

  it("never puts the secret into a refusal", () => {
    const { vault } = vaultWithSecret();
    const refused = ask(vault, upstream({}, { origin: "https://evil.example" }));
    expect(JSON.stringify(refused)).not.toContain(VALUE);
  });
});

describe("credentialFor when the secret cannot be had", () => {
  it("says so for a name that is not in the vault", () => {
    const { vault } = vaultWithSecret();
    const refused = ask(vault, upstream({ ref: "vault://nope", name: secret("nope") }));
    expect(refused).toMatchObject({
      refusal: {
        code: "credential_unavailable",
        cause: { message: expect.stringContaining("vault set nope") },
      },
    });
  });

  it("says so without any vault, and starts all the same", () => {
    expect(ask(vaultIn(newPlace().directory))).toMatchObject({
      refusal: { code: "credential_unavailable" },
    });
  });

  it("does not use a secret of another tenant", () => {
    const { place } = vaultWithSecret();
    const vault = vaultIn(place.directory, { tenant: id("other") });
    expect(ask(vault)).toMatchObject({ refusal: { code: "credential_unavailable" } });
  });

  it("lends a tenant its own secret before the operators', and to its upstreams only its own", () => {
    const { place, vault } = vaultWithSecret();
    const acme: TenantId = id("acme");
    const of = (tenant: TenantId, to = upstream({})) => {
      const lent = vault.credentialFor(to, "POST", "/v1/responses", { tenant, agent: id("bot") });
      return lent.kind === "pass" ? lent.value?.value : lent.refusal.code;
    };
    const owned = { ...upstream({}), tenant: acme };
    expect(of(acme)).toBe(`Bearer ${VALUE}`);
    expect(of(acme, owned)).toBe("credential_unavailable");
    setSecret({ ...place, tenant: acme }, secret("openai"), BINDING, "sk-of-acme", LATER);
    vault.refresh();
    expect(of(acme)).toBe("Bearer sk-of-acme");
    expect(of(acme, owned)).toBe("Bearer sk-of-acme");
    expect(of(id("default"))).toBe(`Bearer ${VALUE}`);
  });

  it.each(["openai", "k8s://openai", "vault://"])("says so for the reference %s", (ref) => {
    const { vault } = vaultWithSecret();
    expect(ask(vault, upstream({ ref }))).toMatchObject({
      refusal: { code: "credential_unavailable" },
    });
  });

  it("tells the operator before the first request", () => {
    const { vault } = vaultWithSecret();
    const all = [upstream({}), upstream(undefined), upstream({ ref: "env://MISSING" })];
    expect(vault.prepare(all)).toMatchObject([
      { code: "credential_unavailable", cause: { message: "the variable MISSING is not set" } },
    ]);
  });
});

describe("env:// and file:// references", () => {
  const file = (text: string) => {
    const path = join(newPlace().directory, "token");
    writeFileSync(path, text);
    return { path, ref: pathToFileURL(path).href };
  };

  it("reads the environment it was given", () => {
    const vault = vaultIn(newPlace().directory, { environment: { OPENAI_API_KEY: VALUE } });
    expect(ask(vault, upstream({ ref: "env://OPENAI_API_KEY" }))).toMatchObject({
      value: { value: `Bearer ${VALUE}`, label: "openai@env" },
    });
  });

  it("reads a file without its last line break", () => {
    const vault = vaultIn(newPlace().directory);
    expect(ask(vault, upstream({ ref: file(`${VALUE}\n`).ref }))).toMatchObject({
      value: { value: `Bearer ${VALUE}`, label: "openai@file" },
    });
  });

  it.each([`${VALUE}\nx-admin: 1`, "short", "", "a".repeat(20_000)])(
    "refuses a file that is no credential (%#)",
    (text) => {
      const vault = vaultIn(newPlace().directory);
      expect(ask(vault, upstream({ ref: file(text).ref }))).toMatchObject({
        refusal: { code: "credential_unavailable" },
      });
    },
  );

  it.each(["file:///nowhere/at/all", "file:///a%2Fb"])("refuses %s", (ref) => {
    expect(ask(vaultIn(newPlace().directory), upstream({ ref }))).toMatchObject({
      refusal: { code: "credential_unavailable" },
    });
  });

  it("takes a changed file up by itself", async () => {
    const { path, ref } = file(VALUE);
    const vault = vaultIn(newPlace().directory, { pollMs: 10 });
    const to = upstream({ ref });
    expect(ask(vault, to)).toMatchObject({ value: { value: `Bearer ${VALUE}` } });
    writeFileSync(`${path}.new`, "sk-test-rotated-value");
    renameSync(`${path}.new`, path);
    await eventually(() =>
      expect(ask(vault, to)).toMatchObject({ value: { value: "Bearer sk-test-rotated-value" } }),
    );
  });
});

describe("a vault that changes under a running sidecar", () => {
  it("is taken up by itself", async () => {
    const { place } = vaultWithSecret();
    const vault = vaultIn(place.directory, { pollMs: 10 });
    const to = upstream({});
    expect(ask(vault, to)).toMatchObject({ value: { label: "openai@1" } });
    rotateSecret(place, secret("openai"), "sk-test-rotated", LATER);
    await eventually(() =>
      expect(ask(vault, to)).toMatchObject({
        value: { label: "openai@2", value: "Bearer sk-test-rotated" },
      }),
    );
  });

  it("is taken up when it first appears", () => {
    const place = newPlace();
    const vault = vaultIn(place.directory);
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    vault.refresh();
    expect(ask(vault)).toMatchObject({ kind: "pass" });
  });

  it("takes a removed secret away", () => {
    const { place, vault } = vaultWithSecret();
    const to = upstream({});
    expect(ask(vault, to)).toMatchObject({ kind: "pass" });
    removeSecret(place, secret("openai"));
    vault.refresh();
    expect(ask(vault, to)).toMatchObject({ refusal: { code: "credential_unavailable" } });
  });

  it("refuses a vault that went back to an older state, and recovers with a newer one", () => {
    const { place, vault } = vaultWithSecret();
    const old = readFileSync(vaultPath(place.directory));
    rotateSecret(place, secret("openai"), "sk-test-rotated", LATER);
    vault.refresh();
    const newer = readFileSync(vaultPath(place.directory));

    writeFileSync(vaultPath(place.directory), old);
    vault.refresh();
    expect(ask(vault)).toMatchObject({
      refusal: {
        code: "credential_unavailable",
        cause: { message: expect.stringContaining("went back from generation 2 to 1") },
      },
    });

    writeFileSync(vaultPath(place.directory), newer);
    vault.refresh();
    expect(ask(vault)).toMatchObject({ value: { label: "openai@2" } });
  });

  it("refuses a vault that vanished", () => {
    const { place, vault } = vaultWithSecret();
    rmSync(vaultPath(place.directory));
    vault.refresh();
    expect(ask(vault)).toMatchObject({ refusal: { code: "credential_unavailable" } });
  });

  it("refuses a vault that somebody edited, and tells the operator why", () => {
    const { place } = vaultWithSecret();
    const onFault = vi.fn();
    const vault = vaultIn(place.directory, { onFault });
    const text = readFileSync(vaultPath(place.directory), "utf8");
    writeFileSync(vaultPath(place.directory), text.replace("api.openai.com", "evil.example"));
    vault.refresh();
    expect(ask(vault)).toMatchObject({ refusal: { code: "credential_unavailable" } });
    expect(onFault).toHaveBeenCalledWith(
      expect.objectContaining({ message: expect.stringContaining("changed by something other") }),
    );
  });

  it("keeps env:// credentials while the vault is broken", () => {
    const { place } = vaultWithSecret();
    chmodSync(join(place.directory, "vault.key"), 0o644);
    const vault = vaultIn(place.directory, { environment: { KEY: VALUE } });
    expect(ask(vault)).toMatchObject({ kind: "halt" });
    expect(ask(vault, upstream({ ref: "env://KEY" }))).toMatchObject({ kind: "pass" });
  });
});
