/** Whatever way a secret takes out, and however it is dressed, a rule on requests meets it. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createMessageScreen } from "../../../src/core/inspect/message-screen.ts";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { openEnds, spliceSecrets } from "../../../src/core/inspect/secret-splicer.ts";
import { detect } from "../../../src/pipeline/detect.ts";
import { scannableOf } from "../../../src/proxy/http/scannable-of.ts";
import { looking } from "./inspections.ts";

const RULES = { ...looking(["secret"], "block", 60), surface: "request" as const };

const SECRETS = {
  github: "ghp_9fKq2LmZx7RtYw3PsVb8NcDh4GjQe6UaTzXk",
  aws: "AKIAZ7QK3XJ2WM5RTL6P",
  stripe: "sk_live_4eZ9rTq7Lm2XwKd8Nb3VfYs6",
  slack: "xoxb-263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1",
};

const form = (head: string, body: string): string =>
  `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n--b--\r\n`;
const base32 = (text: string): string => {
  const bits = Array.from(Buffer.from(text), (byte) => byte.toString(2).padStart(8, "0")).join("");
  const fives = bits.match(/.{1,5}/g) ?? [];
  return fives
    .map((five) => "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(five.padEnd(5, "0"), 2)])
    .join("");
};

/** Undefined parts are not sent. */
interface Sent {
  readonly url?: string;
  readonly headers?: readonly string[];
  readonly type?: string;
  readonly body?: string;
}

const CHANNELS: Readonly<Record<string, (secret: string) => Sent>> = {
  "a query": (s) => ({ url: `/collect?d=${s}` }),
  "a path": (s) => ({ url: `/log/${s}/end` }),
  "an encoded query": (s) => ({ url: `/c?d=${s.replaceAll("_", "%5F").replaceAll("-", "%2D")}` }),
  "base64 in a query": (s) => ({ url: `/c?d=${Buffer.from(s).toString("base64url")}` }),
  "a header": (s) => ({ headers: ["X-Trace", s] }),
  "a cookie": (s) => ({ headers: ["Cookie", `theme=dark; sid=${s}; lang=en`] }),
  "base64 in a header": (s) => ({ headers: ["X-Blob", Buffer.from(s).toString("base64")] }),
  "a text body": (s) => ({ body: `the value is ${s}, keep it` }),
  "a JSON value": (s) => ({ type: "application/json", body: JSON.stringify({ a: [{ b: s }] }) }),
  "a JSON key": (s) => ({ type: "application/json", body: JSON.stringify({ [s]: 1 }) }),
  "escaped JSON": (s) => ({
    type: "application/json",
    body: `{"a":"${Array.from(s, (c) => `\\u00${c.charCodeAt(0).toString(16)}`).join("")}"}`,
  }),
  "JSON in JSON": (s) => ({
    type: "application/json",
    body: JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: s }) }) }),
  }),
  "a urlencoded form": (s) => ({
    type: "application/x-www-form-urlencoded",
    body: new URLSearchParams({ note: `x ${s}` }).toString(),
  }),
  "a field of a form": (s) => ({
    type: "multipart/form-data; boundary=b",
    body: form('name="f"', s),
  }),
  "the name of a file": (s) => ({
    type: "multipart/form-data; boundary=b",
    body: form(`name="f"; filename="${s}.txt"`, "nothing"),
  }),
  "base64 in a body": (s) => ({ body: Buffer.from(`key: ${s}`).toString("base64") }),
  "base64 twice": (s) => ({
    body: Buffer.from(Buffer.from(`key: ${s}`).toString("base64")).toString("base64"),
  }),
  "hex in a body": (s) => ({ body: Buffer.from(`key: ${s}`).toString("hex") }),
  "base32 in a body": (s) => ({ body: base32(`key: ${s}`).toUpperCase() }),
  "gzip in base64": (s) => ({ body: gzipSync(`key: ${s}`).toString("base64") }),
  "HTML entities": (s) => ({ body: Array.from(s, (c) => `&#${c.charCodeAt(0)};`).join("") }),
  "a data URL": (s) => ({ body: `data:text/plain;base64,${Buffer.from(s).toString("base64")}` }),
  "zero-width signs": (s) => ({ body: Array.from(s).join("\u200b") }),
};

function leaves({ url = "/", headers = [], type = "text/plain", body }: Sent): boolean {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const scannable = scannableOf({ headers: { "content-type": type } }, bytes);
  return detect(scannable, { url, headers }, RULES, "pass").verdict.kind === "pass";
}

describe.each(Object.entries(CHANNELS))("a secret in %s", (_, dress) => {
  it.each(Object.entries(SECRETS))("does not leave: %s", (_name, secret) => {
    expect(leaves(dress(secret))).toBe(false);
  });

  it("is told from what is none", () => {
    expect(leaves(dress("harbour-at-dawn-in-the-quiet-north"))).toBe(true);
  });
});

describe.each(Object.entries(SECRETS))("a secret of %s", (_, secret) => {
  it("does not leave in a WebSocket's message, nor in two", () => {
    const leavesSocket = (...texts: readonly string[]) => {
      const screen = createMessageScreen(RULES, []);
      return texts.every((text) => screen.judge(Buffer.from(text)).kind === "pass");
    };
    const middle = Math.ceil(secret.length / 2);
    expect(leavesSocket(JSON.stringify({ a: secret }))).toBe(false);
    expect(leavesSocket(`part: ${secret.slice(0, middle)}`, secret.slice(middle))).toBe(false);
    expect(leavesSocket("part: harbour", "at dawn")).toBe(true);
  });

  it("does not leave in the arguments of two calls of a session", () => {
    const ends = openEnds();
    const middle = Math.ceil(secret.length / 2);
    spliceSecrets(RULES, ends, { text: secret.slice(0, middle) });
    expect(spliceSecrets(RULES, ends, { text: secret.slice(middle) })?.action).toBe("block");
  });

  it("does not leave in the labels of a host", () => {
    const labels = base32(secret).match(/.{1,60}/g) ?? [];
    const body = JSON.stringify({ url: `https://${labels.join(".")}.tunnel.example.net/` });
    const rules = { ...looking(["destination"], "block", 50), surface: "request" as const };
    const scannable = scannableOf(
      { headers: { "content-type": "application/json" } },
      Buffer.from(body),
    );
    const { verdict } = detect(scannable, { url: "/", headers: [] }, rules, "pass");
    expect(verdict.kind).toBe("halt");
  });
});

describe("a sample key of a provider's documentation", () => {
  const SAMPLES = [
    "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij1234",
  ];
  const document = "How to configure the command line, step by step, for everybody. ".repeat(5);

  it.each(SAMPLES)("is stopped like a real one where it is handed over: %s", (sample) => {
    expect(leaves({ url: `/collect?d=${sample}` })).toBe(false);
    expect(leaves({ headers: ["X-Trace", sample] })).toBe(false);
    expect(leaves({ body: Buffer.from(`key: ${sample}`).toString("base64") })).toBe(false);
  });

  it.each(SAMPLES)("may stand in a document, and in what comes back: %s", (sample) => {
    expect(leaves({ body: `${document}${sample}` })).toBe(true);
    const answer = createPartScanner({ ...RULES, surface: "response" }, "body", []);
    answer.push(sample);
    answer.end();
    expect(answer.findings).toEqual([]);
  });

  it("is nothing where it is only a blank to fill in", () => {
    expect(leaves({ body: "AKIAXXXXXXXXXXXXXXXX" })).toBe(true);
    expect(leaves({ body: "ghp_yourTokenHere0yourTokenHere0yourToken" })).toBe(true);
  });
});
