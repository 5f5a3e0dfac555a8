/** Services that keep keys and secrets, as far as their documentation says what we ask of them. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { signatureProblem } from "./sigv4.ts";

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export interface Service extends AsyncDisposable {
  readonly url: string;
  /** `<method> <path>` of what was asked. */
  readonly asked: readonly string[];
  /** From here on every request is answered with this status. */
  fail(status: number | undefined): void;
}

type Answer = (request: IncomingMessage, body: Buffer) => Reply;

async function serve(answer: Answer): Promise<Service> {
  const asked: string[] = [];
  let failing: number | undefined;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      asked.push(`${request.method} ${request.url}`);
      const reply = failing === undefined ? answer(request, body) : { status: failing, body: {} };
      response.writeHead(reply.status, { "content-type": "application/json" });
      response.end(JSON.stringify(reply.body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    fail(status) {
      failing = status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export const AWS = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "eu-central-1",
  service: "kms",
};

export const KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";

export const AWS_ROLE = "arn:aws:iam::111122223333:role/sallyport";
export const WEB_IDENTITY_TOKEN = "eyJ.service-account.token";

export interface TokenService extends Service {
  /** Milliseconds since 1970: of the keys that are lent from here on. */
  endAt(until: number): void;
}

/** AssumeRoleWithWebIdentity of AWS STS; what it lends has `session_<n>` as its session token. */
export async function openAwsSts(): Promise<TokenService> {
  let until = Date.now() + 3_600_000;
  let lent = 0;
  const refuse = (code: string): Reply => ({ status: 403, body: { Error: { Code: code } } });
  const service = await serve((request, bytes) => {
    if (request.headers.accept !== "application/json") return refuse("NotJson");
    const asked = new URLSearchParams(bytes.toString());
    if (asked.get("Action") !== "AssumeRoleWithWebIdentity") return refuse("InvalidAction");
    if (asked.get("WebIdentityToken") !== WEB_IDENTITY_TOKEN) return refuse("InvalidIdentityToken");
    if (asked.get("RoleArn") !== AWS_ROLE) return refuse("AccessDenied");
    lent += 1;
    const Credentials = {
      AccessKeyId: AWS.accessKeyId,
      SecretAccessKey: AWS.secretAccessKey,
      SessionToken: `session_${String(lent).padStart(12, "0")}`,
      Expiration: Math.floor(until / 1000),
    };
    const result = { AssumeRoleWithWebIdentityResult: { Credentials } };
    return { status: 200, body: { AssumeRoleWithWebIdentityResponse: result } };
  });
  return { ...service, endAt: (at) => void (until = at) };
}

/** Encrypt and Decrypt of AWS KMS: signed requests only, the encryption context authenticated. */
export function openAwsKms(): Promise<Service> {
  const key = randomBytes(32);
  const refuse = (type: string): Reply => ({ status: 400, body: { __type: type } });
  return serve((request, bytes) => {
    const { method = "", url = "", headers } = request;
    const problem = signatureProblem({ method, url, headers, body: bytes }, AWS);
    if (problem !== undefined) return refuse("InvalidSignatureException");
    if (headers["content-type"] !== "application/x-amz-json-1.1") return refuse("Serialization");
    const asked = JSON.parse(bytes.toString());
    if (asked.KeyId !== KMS_KEY) return refuse("com.amazonaws.kms#NotFoundException");
    const context = Buffer.from(JSON.stringify(asked.EncryptionContext));
    switch (String(headers["x-amz-target"])) {
      case "TrentService.Encrypt": {
        const sealed = encrypt(key, Buffer.from(asked.Plaintext, "base64"), context);
        return { status: 200, body: { CiphertextBlob: sealed.toString("base64"), KeyId: KMS_KEY } };
      }
      case "TrentService.Decrypt": {
        const plain = decrypt(key, Buffer.from(asked.CiphertextBlob, "base64"), context);
        if (plain === undefined) return refuse("com.amazonaws.kms#InvalidCiphertextException");
        return { status: 200, body: { Plaintext: plain.toString("base64"), KeyId: KMS_KEY } };
      }
      default:
        return refuse("UnknownOperationException");
    }
  });
}

export const VAULT_TOKEN = "hvs.test-token";

export interface HashicorpVault extends Service {
  /** `mount/path` → fields, of KV version 2. */
  readonly kv: Map<string, Record<string, string>>;
}

/** Transit and KV version 2 of HashiCorp Vault. */
export async function openHashicorpVault(): Promise<HashicorpVault> {
  const key = randomBytes(32);
  const kv = new Map<string, Record<string, string>>();
  const none = Buffer.alloc(0);
  const service = await serve((request, bytes) => {
    if (request.headers["x-vault-token"] !== VAULT_TOKEN) {
      return { status: 403, body: { errors: ["permission denied"] } };
    }
    const path = String(request.url).replace("/v1/", "");
    if (path === "transit/encrypt/sallyport") {
      const plain = Buffer.from(JSON.parse(bytes.toString()).plaintext, "base64");
      const ciphertext = `vault:v1:${encrypt(key, plain, none).toString("base64")}`;
      return { status: 200, body: { data: { ciphertext, key_version: 1 } } };
    }
    if (path === "transit/decrypt/sallyport") {
      const sealed = String(JSON.parse(bytes.toString()).ciphertext).replace("vault:v1:", "");
      const plain = decrypt(key, Buffer.from(sealed, "base64"), none);
      if (plain === undefined) return { status: 400, body: { errors: ["invalid ciphertext"] } };
      return { status: 200, body: { data: { plaintext: plain.toString("base64") } } };
    }
    const fields = kv.get(path.replace("/data/", "/"));
    if (!path.includes("/data/") || fields === undefined) {
      return { status: 404, body: { errors: [] } };
    }
    return { status: 200, body: { data: { data: fields, metadata: { version: 1 } } } };
  });
  return { ...service, kv };
}

/** One secret of the Kubernetes API. */
export function openKubernetes(token: string, data: Record<string, string>): Promise<Service> {
  return serve((request) => {
    if (request.headers.authorization !== `Bearer ${token}`) return { status: 401, body: {} };
    const encoded = Object.entries(data).map(([name, value]) => [name, btoa(value)]);
    return request.url === "/api/v1/namespaces/agents/secrets/openai"
      ? { status: 200, body: { kind: "Secret", data: Object.fromEntries(encoded) } }
      : { status: 404, body: { kind: "Status", code: 404 } };
  });
}

function encrypt(key: Buffer, plain: Buffer, context: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(context);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, context: Buffer): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12)).setAAD(context);
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}
