import { describe, expect, it } from "vitest";
import { scannableOf } from "../../../src/proxy/http/scannable-of.ts";
import { isPlainCharset } from "../../../src/proxy/plain-charset.ts";

const SECRET = "my key is sk-not-a-real-one";

describe("a body's charset", () => {
  it.each([
    "application/json",
    "text/plain; charset=utf-8",
    'text/plain; Charset = "UTF-8" ; format=flowed',
    "application/x-www-form-urlencoded;charset=iso-8859-1",
  ])("lets the body be judged: %s", (type) => {
    expect(isPlainCharset(type)).toBe(true);
    expect(scannableOf({ headers: { "content-type": type } }, Buffer.from('"x"')).kind).not.toBe(
      "opaque",
    );
  });

  it.each([
    "text/plain; charset=utf-16",
    "text/plain; charset=utf-7",
    "text/plain; charset=utf-8; charset=utf-16",
    "application/json; charset*=utf-16",
    "application/json; charset=ibm037",
    "application/json; charset='utf-8'",
  ])("leaves no text that was not looked at as another reader reads it: %s", (type) => {
    const body = Buffer.from(SECRET, "utf16le");
    expect(scannableOf({ headers: { "content-type": type } }, body)).toEqual({
      kind: "opaque",
      reason: "its charset is not UTF-8",
      bytes: body.length,
    });
  });
});
