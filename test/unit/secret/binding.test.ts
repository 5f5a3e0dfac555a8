import { describe, expect, it } from "vitest";
import { readBinding, written, type Binding } from "../../../src/core/secret/binding.ts";
import { parseSecretRef } from "../../../src/core/secret/secret-ref.ts";
import { secretValueProblem } from "../../../src/core/secret/secret-value.ts";

const GOOD: Binding = {
  origin: "https://api.openai.com",
  paths: ["/v1/**"],
  methods: ["POST"],
  header: "authorization",
  format: "Bearer {}",
};

describe("readBinding", () => {
  it("normalises what means the same", () => {
    const raw = {
      ...GOOD,
      origin: "HTTPS://API.OpenAI.com:443/",
      methods: ["post"],
      header: "Authorization",
    };
    expect(readBinding(raw)).toEqual({ kind: "ok", binding: GOOD });
  });

  it.each([
    "api.openai.com",
    "ftp://api.openai.com",
    "https://api.openai.com/v1",
    "https://api.openai.com/?x",
    "https://user:pass@api.openai.com",
    "https://*.openai.com",
    "file:///etc/passwd",
    "null",
  ])("does not take %s for an origin", (origin) => {
    expect(readBinding({ ...GOOD, origin })).toMatchObject({
      problems: [expect.stringContaining("origin must be a scheme, host and port")],
    });
  });

  it.each(["host", "Content-Length", "transfer-encoding", "a b", "a:b", "", "ü"])(
    "does not write a credential into the header %j",
    (header) => {
      expect(readBinding({ ...GOOD, header })).toMatchObject({ kind: "problems" });
    },
  );

  it.each(["Bearer", "{} {}", "Bearer {}\r\nx: y", " {}", "{} ", "é{}", ""])(
    "does not take %j for a format",
    (format) => {
      expect(readBinding({ ...GOOD, format })).toMatchObject({ kind: "problems" });
    },
  );

  it.each(["v1/**", "/a?b", "/a#b", "/a b", `/${"a".repeat(600)}`])(
    "does not take %j for a path",
    (path) => {
      expect(readBinding({ ...GOOD, paths: [path] })).toMatchObject({ kind: "problems" });
    },
  );

  it("says everything that is wrong at once", () => {
    const wrong = { origin: "x", paths: ["y"], methods: ["no way"], header: "host", format: "" };
    expect(readBinding(wrong)).toMatchObject({ problems: { length: 5 } });
  });
});

describe("written", () => {
  it("puts the value where the braces are, whatever it contains", () => {
    expect(written("Bearer {}", "$&$1{}")).toBe("Bearer $&$1{}");
  });
});

describe("secretValueProblem", () => {
  it.each(["sk-12345", "user:pass word!", "~".repeat(8_192)])("takes %j", (value) => {
    expect(secretValueProblem(value)).toBeUndefined();
  });

  it.each([
    ["", "empty"],
    ["1234567", "shorter than 8"],
    ["~".repeat(8_193), "longer than 8192"],
    ["abcdefgh\r\nx-admin: 1", "line break"],
    ["abcdefgh\n", "line break"],
    ["abcdefgh\0", "printable ASCII"],
    ["schlüssel", "printable ASCII"],
    ["abc\u2028defgh", "printable ASCII"],
    [" abcdefgh", "space"],
  ])("refuses %j without quoting it", (value, reason) => {
    const problem = secretValueProblem(value);
    expect(problem).toContain(reason);
    if (value !== "") expect(problem).not.toContain(value);
  });
});

describe("parseSecretRef", () => {
  it.each([
    ["vault://openai", { kind: "vault", name: "openai" }],
    ["env://OPENAI_API_KEY", { kind: "env", name: "OPENAI_API_KEY" }],
    ["file:///run/secrets/key", { kind: "file", url: "file:///run/secrets/key" }],
  ])("reads %s", (ref, expected) => {
    expect(parseSecretRef(ref)).toEqual(expected);
  });

  it.each([
    "openai",
    "vault://",
    "vault://Open AI",
    "vault://a/b",
    "vault://../x",
    "env://",
    "env://A=B",
    "file://host/share",
    "file:///",
    "k9s://x",
    "",
  ])("does not read %j", (ref) => {
    expect(parseSecretRef(ref)).toBeUndefined();
  });
});
