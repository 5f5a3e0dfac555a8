import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMultipartForm } from "../../../src/core/inspect/multipart-form.ts";
import { detect } from "../../../src/pipeline/detect.ts";
import { looking } from "./inspections.ts";

const KEY = "sk-proj-Zr8kQ1vTn4Wd2Lx9Yb6HcPf3Ms7JgUe5Ra0KiVq8Xw1Zt";
const TYPE = "multipart/form-data; boundary=b0undary";
const NOWHERE = { url: "/", headers: [] };

function body(...parts: readonly string[]): Buffer {
  return Buffer.from(
    `${parts.map((part) => `--b0undary\r\n${part}\r\n`).join("")}--b0undary--\r\n`,
  );
}

const field = (name: string, content: string, more = ""): string =>
  `Content-Disposition: form-data; name="${name}"${more}\r\n\r\n${content}`;

function readForm(bytes: Uint8Array, type = TYPE) {
  const read = readMultipartForm(bytes, type);
  if (read.kind === "problem") throw new Error(read.reason);
  return read.form;
}

function judged(bytes: Buffer, unscannable: "refuse" | "pass" = "refuse") {
  const { value, unreadBytes } = readForm(bytes);
  const scannable = { kind: "form" as const, value, bytes: bytes.length, unreadBytes };
  return detect(scannable, NOWHERE, looking(["secret"], "block", 60), unscannable);
}

describe("a multipart form", () => {
  it("is read as browsers and Node write it, and written again byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string(), fc.string({ unit: "binary" }), fc.boolean()), {
          maxLength: 5,
        }),
        async (fields) => {
          const form = new FormData();
          for (const [name, content, isFile] of fields) {
            if (isFile) form.append(name, new Blob([content]), "a.txt");
            else form.append(name, content);
          }
          const sent = new Response(form);
          const bytes = Buffer.from(await sent.arrayBuffer());
          const read = readForm(bytes, sent.headers.get("content-type") ?? "");
          expect(read.value).toHaveLength(fields.length);
          expect(Buffer.from(read.rewritten(read.value)).equals(bytes)).toBe(true);
        },
      ),
    );
  });

  it.each([
    ["in a field", field("note", `take ${KEY}`)],
    ["in a file", field("file", KEY, '; filename="a.txt"\r\nContent-Type: image/png')],
    ["in a file's name", field("file", "x", `; filename="${KEY}.txt"`)],
    ["in a field's name", field(KEY, "x")],
    [
      "in JSON's escapes",
      field(
        "meta",
        `{"a":"${KEY.replace("sk", "\\u0073k")}"}`,
        "\r\nContent-Type: application/json",
      ),
    ],
    ["in base64", field("file", Buffer.from(`key: ${KEY}`).toString("base64"))],
  ])("is blocked for a secret %s", (_where, part) => {
    const { verdict, findings } = judged(body(field("a", "clean"), part));
    expect(verdict).toMatchObject({ kind: "halt", refusal: { code: "request_blocked" } });
    expect(findings[0]?.part).toMatch(/^\/1\//);
  });

  it("reads a part in the charset that it names", () => {
    const head = field("note", "", "\r\nContent-Type: text/plain; charset=utf-16le");
    const [before, after] = body(`${head}@@`).toString("latin1").split("@@");
    const bytes = Buffer.concat([
      Buffer.from(before ?? "", "latin1"),
      Buffer.from(KEY, "utf16le"),
      Buffer.from(after ?? "", "latin1"),
    ]);
    expect(judged(bytes).verdict.kind).toBe("halt");
  });

  it("names what nobody can read, and refuses or passes it as the operator wrote", () => {
    const image = body(
      field("note", "hello"),
      field("image", "\u0000PNG\u0001", '; filename="a.png"'),
    );
    expect(judged(image).verdict).toMatchObject({ kind: "halt" });
    const passed = judged(image, "pass");
    expect(passed.verdict.kind).toBe("pass");
    expect(passed.scan).toEqual({ kind: "unscanned", reason: "binary", bytes: 5 });
  });

  it("is rewritten only where something was taken out", () => {
    const bytes = body(
      field("a", "write to a.b@example.org"),
      field("b", "kept \r\n as it is"),
      field("c", '{"to":"a.b@example.org", "n": 1}'),
    );
    const form = readForm(bytes);
    const scannable = { kind: "form" as const, value: form.value, bytes: 0, unreadBytes: 0 };
    const inspection = looking(["pii.email"], "redact", 60);
    const { verdict } = detect(scannable, NOWHERE, inspection, "refuse");
    const redacted = verdict.kind === "pass" ? verdict.value : undefined;
    expect(Buffer.from(form.rewritten(redacted ?? null)).toString()).toBe(
      body(
        field("a", "write to [email]"),
        field("b", "kept \r\n as it is"),
        field("c", '{"to":"[email]","n":1}'),
      ).toString(),
    );
  });

  it.each([
    ["no boundary", body(field("a", "b")), "multipart/form-data"],
    ["text before it", Buffer.concat([Buffer.from("x\r\n"), body(field("a", "b"))]), TYPE],
    ["text behind it", Buffer.concat([body(field("a", "b")), Buffer.from("x")]), TYPE],
    ["no end", body(field("a", "b")).subarray(0, -8), TYPE],
    ["a part without a head", body("no head"), TYPE],
    ["bare line feeds", Buffer.from(body(field("a", "b")).toString().replaceAll("\r", "")), TYPE],
    ["a longer boundary", Buffer.from(body("x").toString().replace("b0undary", "b0undaryX")), TYPE],
    ["too many parts", body(...Array.from({ length: 1025 }, () => field("a", "b"))), TYPE],
  ])("is no form with %s", (_what, bytes, type) => {
    expect(readMultipartForm(bytes, type)).toMatchObject({ kind: "problem" });
  });

  it("never throws, whatever the bytes", () => {
    const piece = fc.constantFrom("--b0undary", "\r\n", "--", "a: b", "\r\n\r\n", 'name="', "x");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        readMultipartForm(Buffer.from(`--b0undary${pieces.join("")}`), TYPE);
      }),
    );
  });
});
