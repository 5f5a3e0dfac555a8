import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { id } from "../../../src/core/units.ts";
import { awsCredentials } from "../../../src/stores/vault/aws-credentials.ts";
import { createAwsKms } from "../../../src/stores/vault/aws-kms.ts";
import { createTransit, type VaultServer } from "../../../src/stores/vault/hashicorp-vault.ts";
import type { KeyWrapper } from "../../../src/stores/vault/key-wrapper.ts";
import { LocalVault } from "../../../src/stores/vault/local-vault.ts";
import { createRemoteFetch } from "../../../src/stores/vault/remote-fetch.ts";
import { readVault, renewVaultKey, vaultPath } from "../../../src/stores/vault/vault-file.ts";
import {
  openVaultKey,
  prepareNextKey,
  vaultKeySource,
} from "../../../src/stores/vault/vault-key.ts";
import {
  AWS,
  KMS_KEY,
  AWS_ROLE,
  openAwsKms,
  openAwsSts,
  openHashicorpVault,
  openKubernetes,
  VAULT_TOKEN,
  type HashicorpVault,
  type Service,
  type TokenService,
  WEB_IDENTITY_TOKEN,
} from "../../support/key-services.ts";
import {
  AT,
  BINDING,
  rotateSecret,
  secret,
  setSecret,
  upstream,
  VALUE,
  type VaultPlace,
} from "./vault-place.ts";
import { newDirectory } from "../../support/new-directory.ts";

let directory: string;
let aws: Service;
let hashicorp: HashicorpVault;
beforeEach(async () => {
  directory = newDirectory();
  [aws, hashicorp] = await Promise.all([openAwsKms(), openHashicorpVault()]);
});
afterEach(async () => {
  await Promise.all([aws[Symbol.asyncDispose](), hashicorp[Symbol.asyncDispose]()]);
});

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const server = (): VaultServer => ({
  url: hashicorp.url,
  tokenFile: file("token", `${VAULT_TOKEN}\n`),
  namespace: undefined,
  caFile: undefined,
});

const awsKms = (key = KMS_KEY): KeyWrapper =>
  createAwsKms({
    key,
    region: AWS.region,
    endpoint: aws.url,
    credentials: { kind: "file", path: file("aws", `${AWS.accessKeyId}:${AWS.secretAccessKey}\n`) },
  });
const transit = (): KeyWrapper =>
  createTransit({ server: server(), mount: "transit", key: "sallyport" });

/** As another process would see it: with nothing unwrapped yet. */
const placeWith = (wrapper: KeyWrapper | undefined): VaultPlace => {
  const open = wrapper && (async () => wrapper);
  const key = vaultKeySource({ key: undefined, keyFile: undefined, wrapper: open }, directory);
  return { directory, key, tenant: id("default") };
};
const namesIn = ({ key }: VaultPlace) =>
  readVault(directory, key)?.document.secrets.map(({ name }) => name);

describe.each([
  ["AWS KMS", awsKms],
  ["Vault transit", transit],
])("a vault's key wrapped by %s", (_name, wrapper) => {
  it("is nowhere in clear, and opens in another process with one request", async () => {
    const place = placeWith(wrapper());
    await openVaultKey(place.key);
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const text = readFileSync(join(directory, "vault.key"), "utf8");
    expect(JSON.parse(text)).toMatchObject({ format: "sallyport-kek/1" });
    const other = placeWith(wrapper());
    expect(() => readVault(directory, other.key)).toThrow(/not unwrapped yet/u);
    const before = aws.asked.length + hashicorp.asked.length;
    await openVaultKey(other.key);
    await openVaultKey(other.key);
    expect(aws.asked.length + hashicorp.asked.length).toBe(before + 1);
    expect(namesIn(other)).toEqual(["openai"]);
  });

  it("is renewed, also where that is cut short between any two steps", async () => {
    const place = placeWith(wrapper());
    await openVaultKey(place.key);
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const old = readFileSync(join(directory, "vault.key"), "utf8");
    await prepareNextKey(place.key);
    expect(renewVaultKey(directory, place.key)).toBe(1);
    // As if the process had died before the new key took its name.
    renameSync(join(directory, "vault.key"), join(directory, "vault.key.next"));
    writeFileSync(join(directory, "vault.key"), old, { mode: 0o600 });
    const other = placeWith(wrapper());
    await openVaultKey(other.key);
    expect(namesIn(other)).toEqual(["openai"]);
    rotateSecret(other, secret("openai"), "sk-test-rotated", AT);
    expect(existsSync(join(directory, "vault.key.next"))).toBe(false);
    expect(namesIn(other)).toEqual(["openai"]);
  });

  it("takes over from a plain key with the next renewal", async () => {
    const plain = placeWith(undefined);
    setSecret(plain, secret("openai"), BINDING, VALUE, AT);
    const place = placeWith(wrapper());
    await openVaultKey(place.key);
    expect(namesIn(place)).toEqual(["openai"]);
    await prepareNextKey(place.key);
    renewVaultKey(directory, place.key);
    expect(readFileSync(join(directory, "vault.key"), "utf8")).toContain("wrapped_by");
    expect(namesIn(place)).toEqual(["openai"]);
    expect(() => readVault(directory, plain.key)).toThrow(/does not hold a vault key/u);
  });

  it("that the service does not unwrap makes credentials unavailable until it does", async () => {
    const place = placeWith(wrapper());
    await openVaultKey(place.key);
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const faults: string[] = [];
    using vault = new LocalVault({
      ...placeWith(wrapper()),
      environment: {},
      onFault: ({ message }) => void faults.push(message),
    });
    const ask = () => vault.credentialFor(upstream({}), "POST", "/v1/responses");
    for (const service of [aws, hashicorp]) service.fail(503);
    await vault.unlock();
    expect(ask()).toMatchObject({ refusal: { code: "credential_unavailable" } });
    expect(faults.join()).toMatch(/503/u);
    for (const service of [aws, hashicorp]) service.fail(undefined);
    await vault.unlock();
    expect(ask()).toMatchObject({ value: { value: `Bearer ${VALUE}` } });
  });
});

describe("a wrapped key", () => {
  it("does not open under another key of the service", async () => {
    const place = placeWith(awsKms());
    await openVaultKey(place.key);
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const other = placeWith(awsKms("arn:aws:kms:eu-central-1:111122223333:key/other"));
    await expect(openVaultKey(other.key)).rejects.toThrow(/was wrapped by aws_kms/u);
    await expect(openVaultKey(placeWith(transit()).key)).rejects.toThrow(/not by vault_transit/u);
  });

  it("says why the service refused, without what was asked", async () => {
    const wrong = createAwsKms({
      key: KMS_KEY,
      region: AWS.region,
      endpoint: aws.url,
      credentials: {
        kind: "file",
        path: file("wrong", `${AWS.accessKeyId}:${"x".repeat(40)}`),
      },
    });
    const place = placeWith(wrong);
    const refused = await openVaultKey(place.key).catch((error: unknown) => String(error));
    expect(refused).toContain("refused to encrypt the vault's key (InvalidSignatureException)");
    expect(refused).not.toContain("x".repeat(40));
    expect(existsSync(vaultPath(directory))).toBe(false);
  });
});

describe("a role that a pod's service account may have", () => {
  const kmsOf = (tokenFile: string): KeyWrapper =>
    createAwsKms({
      key: KMS_KEY,
      region: AWS.region,
      endpoint: aws.url,
      credentials: webIdentity(tokenFile),
    });
  const webIdentity = (tokenFile: string) =>
    ({
      kind: "web_identity",
      roleArn: AWS_ROLE,
      tokenFile,
      region: AWS.region,
      endpoint: sts.url,
    }) as const;
  let sts: TokenService;
  beforeEach(async () => {
    sts = await openAwsSts();
  });
  afterEach(() => sts[Symbol.asyncDispose]());

  it("wraps and unwraps the vault's key with one token for many requests", async () => {
    const token = file("token", `${WEB_IDENTITY_TOKEN}\n`);
    const place = placeWith(kmsOf(token));
    await openVaultKey(place.key);
    setSecret(place, secret("openai"), BINDING, VALUE, AT);
    const wrapper = kmsOf(token);
    const sealed = await Promise.all([
      wrapper.wrap(Buffer.alloc(32, 1)),
      wrapper.wrap(Buffer.alloc(32, 2)),
    ]);
    expect(await wrapper.unwrap(sealed[1])).toEqual(Buffer.alloc(32, 2));
    // One of each wrapper.
    expect(sts.asked).toEqual(["POST /", "POST /"]);
    const other = placeWith(kmsOf(token));
    await openVaultKey(other.key);
    expect(namesIn(other)).toEqual(["openai"]);
  });

  it("is asked for anew before its key ends, and its key used on while nobody answers", async () => {
    let now = 0;
    sts.endAt(3_600_000);
    const keyNow = awsCredentials(webIdentity(file("token", WEB_IDENTITY_TOKEN)), () => now);
    const tokenNow = async () => (await keyNow()).sessionToken;
    expect(await tokenNow()).toMatch(/1$/);
    now = 3_200_000;
    expect(await tokenNow()).toMatch(/1$/);
    now = 3_400_000;
    sts.fail(503);
    expect(await tokenNow()).toMatch(/1$/);
    sts.fail(undefined);
    sts.endAt(7_200_000);
    expect(await Promise.all([tokenNow(), tokenNow()])).toEqual([
      expect.stringMatching(/2$/),
      expect.stringMatching(/2$/),
    ]);
    now = 7_200_001;
    sts.fail(503);
    await expect(tokenNow()).rejects.toThrow(/does not lend the role .* \(503\)/u);
  });

  it("says why it is not lent, without the token", async () => {
    const wrong = file("token", "wrong-service-account-token");
    const refused = await openVaultKey(placeWith(kmsOf(wrong)).key).catch(String);
    expect(refused).toContain("(InvalidIdentityToken)");
    expect(refused).not.toContain("wrong-service-account-token");
    const gone = placeWith(kmsOf(join(directory, "nowhere")));
    await expect(openVaultKey(gone.key)).rejects.toThrow(/nowhere cannot be read \(ENOENT\)/u);
  });
});

describe("a secret that another service keeps", () => {
  const lend = (vault: LocalVault, ref: string) =>
    vault.credentialFor(upstream({ ref, name: secret("openai") }), "POST", "/v1/responses");
  const vaultOf = (services: Parameters<typeof createRemoteFetch>[0]): LocalVault =>
    new LocalVault({
      ...placeWith(undefined),
      environment: {},
      fetch: createRemoteFetch(services, {}),
    });
  const nowhere = { url: "http://127.0.0.1:1", tokenFile: "/nowhere", caFile: undefined };

  it("comes from KV version 2 of HashiCorp Vault, and goes when it is deleted there", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      hashicorp.kv.set("secret/agents/openai", { api_key: VALUE });
      using vault = vaultOf({ server: server(), kubernetes: nowhere });
      const ref = "vault://secret/agents/openai#api_key";
      expect(lend(vault, ref)).toMatchObject({ refusal: { code: "credential_unavailable" } });
      await vault.settled();
      expect(lend(vault, ref)).toMatchObject({
        value: { value: `Bearer ${VALUE}`, label: "openai@kv" },
      });
      hashicorp.fail(503);
      vi.advanceTimersByTime(60_000);
      await vault.settled();
      expect(lend(vault, ref)).toMatchObject({ value: { value: `Bearer ${VALUE}` } });
      hashicorp.fail(undefined);
      hashicorp.kv.delete("secret/agents/openai");
      vi.advanceTimersByTime(60_000);
      await vault.settled();
      expect(lend(vault, ref)).toMatchObject({ refusal: { code: "credential_unavailable" } });
    } finally {
      vi.useRealTimers();
    }
  });

  it("comes from the Kubernetes API with the service account's token", async () => {
    await using kubernetes = await openKubernetes("sa-token", { key: VALUE });
    const api = { url: kubernetes.url, tokenFile: file("sa", "sa-token"), caFile: undefined };
    using vault = vaultOf({ server: undefined, kubernetes: api });
    lend(vault, "k8s://agents/openai/key");
    lend(vault, "k8s://agents/openai/other");
    lend(vault, "vault://secret/openai#key");
    await vault.settled();
    expect(lend(vault, "k8s://agents/openai/key")).toMatchObject({
      value: { value: `Bearer ${VALUE}`, label: "openai@k8s" },
    });
    const causes = ["k8s://agents/openai/other", "vault://secret/openai#key"].map((ref) => {
      const lent = lend(vault, ref);
      return lent.kind === "halt" ? lent.refusal.cause?.message : undefined;
    });
    expect(causes).toEqual([
      "the Kubernetes secret agents/openai has no other",
      "vault://secret/openai#key needs a server: set vault.server.url",
    ]);
  });
});
