/** Checks an AWS signature as the service does, written after the specification and nothing else. */
import { createHash, createHmac } from "node:crypto";

export interface SignedRequest {
  readonly method: string;
  /** As it came over the wire. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface AwsScope {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly service: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;

/** `undefined` for a good signature, else what is wrong with it. */
export function signatureProblem(request: SignedRequest, scope: AwsScope): string | undefined {
  const { headers, method, url, body } = request;
  const match = AUTHORIZATION.exec(String(headers["authorization"]));
  if (match === null) return `no signature: ${String(headers["authorization"])}`;
  const [, key = "", date = "", region = "", service = "", names = "", signature = ""] = match;
  if (key !== scope.accessKeyId) return `another key: ${key}`;
  if (region !== scope.region || service !== scope.service) return `${region}/${service}`;
  const time = String(headers["x-amz-date"]);
  if (!time.startsWith(date)) return "two dates";
  const bodyHash = createHash("sha256").update(body).digest("hex");
  if (headers["x-amz-content-sha256"] !== bodyHash) return "the body is not the one signed";
  const [path = "", query = ""] = url.split("?", 2);
  const canonical = [
    method,
    path.split("/").map(escape).join("/"),
    query.split("&").toSorted().join("&"),
    ...names.split(";").map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    names,
    bodyHash,
  ].join("\n");
  if (!names.split(";").includes("host")) return "the host is not signed";
  const hash = createHash("sha256").update(canonical).digest("hex");
  const text = `AWS4-HMAC-SHA256\n${time}\n${date}/${region}/${service}/aws4_request\n${hash}`;
  const secret = [date, region, service, "aws4_request"].reduce<string | Buffer>(
    (over, part) => createHmac("sha256", over).update(part).digest(),
    `AWS4${scope.secretAccessKey}`,
  );
  const expected = createHmac("sha256", secret).update(text).digest("hex");
  return expected === signature ? undefined : `another signature than\n${canonical}`;
}

/** RFC 3986, of what is encoded already: AWS signs the path encoded twice. */
function escape(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
