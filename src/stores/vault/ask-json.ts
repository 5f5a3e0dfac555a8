/** One request to a service that keeps keys or secrets: bounded, without redirects. */
import { request as requestHttps, type RequestOptions } from "node:https";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { codeOf } from "../../lib/caught.ts";
import { request as requestHttp } from "../../lib/node-http.ts";
import { VaultFault } from "./vault-fault.ts";

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 1_048_576;

export interface Question {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM, in place of the system's authorities. */
  readonly ca?: string | undefined;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

/** Rejects with VaultFault; its words never hold what was asked or answered. */
export async function askJson(question: Question): Promise<JsonAnswer> {
  const { status, text } = await askText(question);
  const body = readObject(text);
  if (body === undefined && status < 300) {
    throw new VaultFault(`${new URL(question.url).host} does not answer with JSON`);
  }
  return { status, body: body ?? {} };
}

/** Rejects as `askJson` does. */
export function askText(question: Question): Promise<TextAnswer> {
  const { url, method, headers, body, ca } = question;
  const target = new URL(url);
  const options: RequestOptions = {
    method,
    headers: {
      ...headers,
      ...(body !== undefined && { "content-length": Buffer.byteLength(body) }),
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(ca !== undefined && { ca }),
  };
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new VaultFault(`${target.host} ${why}`));
    const send = target.protocol === "https:" ? requestHttps : requestHttp;
    const request = send(target, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) request.destroy(new Error("answers too much"));
        else chunks.push(chunk);
      });
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
      response.once("error", () => fail("broke off its answer"));
    });
    request.once("error", (error) => fail(`cannot be asked (${codeOf(error)})`));
    request.end(body);
  });
}

function readObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
