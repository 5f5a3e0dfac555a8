import { describe, expect, it } from "vitest";
import { createAwsSigner, readAwsKey } from "../../../src/stores/vault/aws-signer.ts";
import { AWS_KEY } from "../../support/bedrock-upstream.ts";
import { signatureProblem, type SignedRequest } from "../../support/sigv4.ts";

const SCOPE = { region: "us-east-1", service: "bedrock" };
const NOW = Date.parse("2026-11-21T10:30:00Z");
const BODY = Buffer.from('{"a":"ü"}');
const PATH = "/model/arn%3Aaws%3Abedrock%3A%3A%3Afoundation-model%2Fx.y-v1%3A0/converse";

async function signed(target: string, body: Buffer): Promise<SignedRequest> {
  const { accessKeyId, secretAccessKey, sessionToken } = AWS_KEY;
  const sign = createAwsSigner({ accessKeyId, secretAccessKey, sessionToken }, SCOPE, () => NOW);
  const origin = "https://bedrock-runtime.us-east-1.amazonaws.com";
  const headers = ["content-type", "application/json", "accept", "*/*", "x-amzn-trace-id", "t"];
  const added = await sign({ method: "POST", origin, target, headers, body });
  const all = ["host", "bedrock-runtime.us-east-1.amazonaws.com", ...headers, ...added];
  const map: Record<string, string> = {};
  for (let i = 0; i + 1 < all.length; i += 2) map[all[i] ?? ""] = all[i + 1] ?? "";
  return { method: "POST", url: target, headers: map, body };
}

describe("an AWS signature", () => {
  it("is what the specification says, for encoded paths and any body", async () => {
    for (const body of [BODY, Buffer.alloc(0), Buffer.alloc(100_000, "x")]) {
      expect(signatureProblem(await signed(PATH, body), AWS_KEY)).toBeUndefined();
    }
  });

  it("does not fit another body, path, method or time", async () => {
    const request = await signed(PATH, BODY);
    const other = [
      { ...request, body: Buffer.from("{}") },
      { ...request, url: PATH.replace("converse", "invoke") },
      { ...request, method: "PUT" },
      { ...request, headers: { ...request.headers, "x-amz-date": "20261121T103001Z" } },
      { ...request, headers: { ...request.headers, "content-type": "text/plain" } },
    ];
    for (const one of other) expect(signatureProblem(one, AWS_KEY)).toBeDefined();
  });

  it("carries the session token of a temporary key", async () => {
    const { headers } = await signed(PATH, BODY);
    expect(headers["x-amz-security-token"]).toBe(AWS_KEY.sessionToken);
  });
});

describe("an AWS key in the vault", () => {
  it("is an id and a secret, and a token where it is temporary", () => {
    const { accessKeyId, secretAccessKey, sessionToken } = AWS_KEY;
    expect(readAwsKey(`${accessKeyId}:${secretAccessKey}`)).toEqual({
      accessKeyId,
      secretAccessKey,
      sessionToken: undefined,
    });
    expect(readAwsKey(`${accessKeyId}:${secretAccessKey}:${sessionToken}`)?.sessionToken).toBe(
      sessionToken,
    );
  });

  it.each(["", "sk-0123456789abcdef", "AKIDEXAMPLE000000001", ":secret", "a:b:c:d"])(
    "is not %j",
    (value) => expect(readAwsKey(value)).toBeUndefined(),
  );
});
