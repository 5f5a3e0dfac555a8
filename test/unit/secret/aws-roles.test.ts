import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { id, type SecretName } from "../../../src/core/units.ts";
import { prepareCredential } from "../../../src/stores/vault/prepared-credential.ts";
import { upstream as upstreamOf } from "./vault-place.ts";
import { readAwsKey } from "../../../src/stores/vault/aws-signer.ts";
import { createAwsRoles } from "../../../src/stores/vault/aws-roles.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-11-21T06:00:00Z");
const ID = "ASIAEXAMPLE000000001";
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

let asked: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[];
let answer: (url: string, response: ServerResponse) => void;
let server: Server;
let base: string;
let directory: string;

beforeEach(async () => {
  asked = [];
  directory = mkdtempSync(join(tmpdir(), "sallyport-roles-"));
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.once("end", () => {
      const { method = "", url = "", headers } = request;
      asked.push({ method, url, headers, body });
      answer(url, response);
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

const keyOf = (session: string, expiration = new Date(START + HOUR).toISOString()) => ({
  Code: "Success",
  AccessKeyId: ID,
  SecretAccessKey: SECRET,
  Token: session,
  Expiration: expiration,
});
const json = (value: object) => (_url: string, response: ServerResponse) =>
  void response.end(JSON.stringify(value));
const token = (text: string): string => {
  const path = join(directory, "token");
  writeFileSync(path, `${text}\n`);
  return path;
};

describe("the role of an EC2 instance", () => {
  const metadata = (key: object) => (url: string, response: ServerResponse) => {
    if (url === "/latest/api/token") return void response.end("session-of-imds");
    const roles = "/latest/meta-data/iam/security-credentials/";
    if (url === roles) return void response.end("agents-role\n");
    if (url === `${roles}agents-role`) return void response.end(JSON.stringify(key));
    return void response.writeHead(404).end();
  };

  it("is asked for by version 2 of the metadata service only", async () => {
    answer = metadata(keyOf("FwoGZXIvYXdzEBYaDEXAMPLE"));
    const roles = createAwsRoles({ AWS_EC2_METADATA_SERVICE_ENDPOINT: `${base}/` }, () => START);
    const value = await roles.keyOf("instance");
    expect(readAwsKey(value)).toEqual({
      accessKeyId: ID,
      secretAccessKey: SECRET,
      sessionToken: "FwoGZXIvYXdzEBYaDEXAMPLE",
    });
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "PUT /latest/api/token",
      "GET /latest/meta-data/iam/security-credentials/",
      "GET /latest/meta-data/iam/security-credentials/agents-role",
    ]);
    expect(asked[2]?.headers["x-aws-ec2-metadata-token"]).toBe("session-of-imds");
  });

  it("is asked for again only shortly before its key ends", async () => {
    let now = START;
    answer = metadata(keyOf("FwoGZXIvYXdzEBYaDEXAMPLE"));
    const roles = createAwsRoles({ AWS_EC2_METADATA_SERVICE_ENDPOINT: base }, () => now);
    await roles.keyOf("instance");
    now += HOUR - 6 * 60_000;
    expect(await roles.keyOf("instance")).toContain(":FwoGZXIvYXdzEBYaDEXAMPLE");
    expect(asked).toHaveLength(3);
    answer = metadata(keyOf("two", new Date(START + 2 * HOUR).toISOString()));
    now += 2 * 60_000;
    expect(await roles.keyOf("instance")).toContain(":two");
  });

  it("is not there where AWS says so, or nothing answers, in words for the operator", async () => {
    const off = createAwsRoles({ AWS_EC2_METADATA_DISABLED: "true" });
    await expect(off.keyOf("instance")).rejects.toThrow(/AWS_EC2_METADATA_DISABLED/);
    const roles = createAwsRoles({ AWS_EC2_METADATA_SERVICE_ENDPOINT: base });
    answer = (_url, response) => void response.writeHead(404).end();
    await expect(roles.keyOf("instance")).rejects.toThrow(/metadata gives no key \(404\)/);
    answer = (url, response) =>
      void (url.includes("iam") ? response.writeHead(404) : response).end("x");
    await expect(roles.keyOf("instance")).rejects.toThrow(/has no role/);
    answer = metadata({ Code: "Failed" });
    await expect(roles.keyOf("instance")).rejects.toThrow(/without a temporary key/);
    answer = metadata(keyOf("one", "soon"));
    await expect(roles.keyOf("instance")).rejects.toThrow(/without a temporary key/);
  });
});

describe("the role of a task or pod", () => {
  it("is asked for with the token that lies beside it", async () => {
    answer = json(keyOf("pod"));
    const roles = createAwsRoles({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${base}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token("pods-own"),
    });
    expect(await roles.keyOf("container")).toBe(`${ID}:${SECRET}:pod`);
    expect(asked[0]).toMatchObject({
      url: "/v1/credentials",
      headers: { authorization: "pods-own" },
    });
  });

  it.each([
    [{}, /needs AWS_CONTAINER_CREDENTIALS_FULL_URI/],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://attacker.example/" }, /neither https nor/],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://10.0.0.1/" }, /neither https nor/],
  ])("is not asked for where it cannot be: %j", async (environment, message) => {
    await expect(createAwsRoles(environment).keyOf("container")).rejects.toThrow(message);
  });
});

describe("the role of a pod's own token", () => {
  const environment = () => ({
    AWS_ROLE_ARN: "arn:aws:iam::111122223333:role/agents",
    AWS_WEB_IDENTITY_TOKEN_FILE: token("eyJ.pods.jwt"),
    AWS_ENDPOINT_URL_STS: base,
  });

  it("is taken on at STS", async () => {
    const Credentials = {
      AccessKeyId: ID,
      SecretAccessKey: SECRET,
      SessionToken: "irsa",
      Expiration: (START + HOUR) / 1000,
    };
    answer = json({
      AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials } },
    });
    const roles = createAwsRoles(environment(), () => START);
    expect(await roles.keyOf("web-identity")).toBe(`${ID}:${SECRET}:irsa`);
    expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toMatchObject({
      Action: "AssumeRoleWithWebIdentity",
      RoleArn: "arn:aws:iam::111122223333:role/agents",
      WebIdentityToken: "eyJ.pods.jwt",
    });
  });

  it("is refused in STS's word, without the token", async () => {
    answer = (_url, response) =>
      void response.writeHead(403).end('{"Error":{"Code":"AccessDenied"}}');
    const failed = createAwsRoles(environment()).keyOf("web-identity");
    await expect(failed).rejects.toThrow(/does not lend the role .* \(AccessDenied\)/);
    const unset = createAwsRoles({}).keyOf("web-identity");
    await expect(unset).rejects.toThrow(/needs AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE/);
    const lost = { ...environment(), AWS_WEB_IDENTITY_TOKEN_FILE: join(directory, "lost") };
    await expect(createAwsRoles(lost).keyOf("web-identity")).rejects.toThrow(
      /cannot be read \(ENOENT\)/,
    );
  });
});

describe("the key of a role", () => {
  it("is prepared to sign, and for nothing else", () => {
    const value = `${ID}:${SECRET}:FwoGZXIvYXdzEBYaDEXAMPLE`;
    const ref = {
      ref: "aws://instance",
      name: id<SecretName>("instance"),
      header: "authorization",
      format: "Bearer {}",
      paths: [],
      methods: [],
      signing: undefined,
    };
    const found = { value, label: "instance@aws", secret: undefined };
    const upstream = upstreamOf({ ref: ref.ref, name: ref.name });
    expect(() => prepareCredential(upstream, ref, found)).toThrow(/signs, and is never sent/);
    const signing = { region: "us-east-1", service: "bedrock" };
    const signed = { ...ref, format: "AWS4-HMAC-SHA256 {}", signing };
    expect(prepareCredential(upstream, signed, found).verdict).toMatchObject({
      kind: "pass",
      value: { value: "" },
    });
  });
});
