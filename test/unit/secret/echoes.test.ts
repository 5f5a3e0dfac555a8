import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ECHO_CHARS_MIN, echoesOf } from "../../../src/core/secret/echoes.ts";
import { holdsEcho } from "../../../src/core/secret/holds-echo.ts";
import { REDACTED, redactHeaderValue } from "../../../src/core/secret/redact.ts";

const SECRET = `sk-proj/a+b "c" <d>&e='f'\\g~(h)`;
const secret = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 8,
  maxLength: 200,
});
const bytes = fc.uint8Array({ maxLength: 20 });

function found(text: string, echoes: readonly string[]): boolean {
  return echoes.some((echo) => text.includes(echo));
}

describe("echoesOf", () => {
  it("finds the secret in the base64 of anything that surrounds it", () => {
    fc.assert(
      fc.property(secret, bytes, bytes, (value, before, after) => {
        const echoes = echoesOf(value, "Bearer {}");
        const whole = Buffer.concat([before, Buffer.from(value, "latin1"), after]);
        expect(found(whole.toString("base64"), echoes)).toBe(true);
        expect(found(whole.toString("base64url"), echoes)).toBe(true);
        expect(found(encodeURIComponent(whole.toString("base64")), echoes)).toBe(true);
        expect(found(whole.toString("hex"), echoes)).toBe(true);
        expect(found(whole.toString("hex").toUpperCase(), echoes)).toBe(true);
      }),
    );
  });

  it("finds the secret in the encodings that servers echo with", () => {
    fc.assert(
      fc.property(secret, (value) => {
        const echoes = echoesOf(value, "{}");
        expect(found(`x=${encodeURIComponent(value)}&y`, echoes)).toBe(true);
        expect(found(new URLSearchParams({ x: value }).toString(), echoes)).toBe(true);
        expect(found(JSON.stringify({ authorization: `Bearer ${value}` }), echoes)).toBe(true);
        expect(found(JSON.stringify(value).replaceAll("/", "\\/"), echoes)).toBe(true);
        expect(found(value, echoes)).toBe(true);
      }),
    );
  });

  it.each([
    ["as it is", SECRET],
    [
      "percent-encoded, every reserved character",
      "sk-proj%2Fa%2Bb%20%22c%22%20%3Cd%3E%26e%3D%27f%27%5Cg~%28h%29",
    ],
    ["percent-encoded in lower case", "sk-proj%2fa%2bb%20%22c%22%20%3cd%3e%26e%3d'f'%5cg~(h)"],
    ["as a form field", "sk-proj%2Fa%2Bb+%22c%22+%3Cd%3E%26e%3D%27f%27%5Cg%7E%28h%29"],
    ["as Go writes JSON", `sk-proj/a+b \\"c\\" \\u003cd\\u003e\\u0026e='f'\\\\g~(h)`],
    ["as HTML", "sk-proj/a+b &quot;c&quot; &lt;d&gt;&amp;e=&#39;f&#39;\\g~(h)"],
  ])("knows the secret %s", (_how, form) => {
    expect(echoesOf(SECRET, "{}")).toContain(form);
  });

  it("knows what is inside a Basic credential", () => {
    const echoes = echoesOf(btoa("alice:open sesame"), "Basic {}");
    expect(echoes).toContain("alice:open sesame");
    expect(echoes).toContain("open sesame");
  });

  it("does not look inside a Bearer token for base64", () => {
    expect(echoesOf(btoa("alice:open sesame"), "Bearer {}")).not.toContain("open sesame");
  });

  it("gives no form short enough to occur by chance, each once, longest first", () => {
    fc.assert(
      fc.property(secret, (value) => {
        const echoes = echoesOf(value, "Basic {}");
        expect(new Set(echoes).size).toBe(echoes.length);
        expect(echoes.every((echo) => echo.length >= ECHO_CHARS_MIN)).toBe(true);
        expect(echoes).toEqual(echoes.toSorted((a, b) => b.length - a.length));
      }),
    );
  });

  it("makes few forms of an ordinary key", () => {
    expect(
      echoesOf("sk-proj-abcdefghijklmnopqrstuvwxyz0123456789", "Bearer {}").length,
    ).toBeLessThan(10);
  });
});

describe("redactHeaderValue", () => {
  it("takes every form out of a redirect", () => {
    const echoes = echoesOf(SECRET, "Bearer {}");
    const location = `https://evil.example/?a=${encodeURIComponent(SECRET)}&b=${btoa(`Bearer ${SECRET}`)}`;
    expect(redactHeaderValue(location, echoes)).toMatch(
      /^https:\/\/evil\.example\/\?a=\[redacted\]&b=[A-Za-z0-9+/]{0,12}\[redacted\][A-Za-z0-9+/=]{0,6}$/u,
    );
  });

  it("leaves no echo behind, wherever the secret stands", () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        fc.pre(!REDACTED.includes(value));
        const echoes = echoesOf(value, "Bearer {}");
        expect(redactHeaderValue(before + value + after, [value])).not.toContain(value);
        expect(redactHeaderValue(value, echoes)).toBe(REDACTED);
      }),
    );
  });

  it("returns an innocent value as it is", () => {
    const echoes = echoesOf(SECRET, "Bearer {}");
    expect(redactHeaderValue("text/plain", echoes)).toBe("text/plain");
    expect(redactHeaderValue("a".repeat(4_000), echoes)).toBe("a".repeat(4_000));
    expect(redactHeaderValue("anything", [])).toBe("anything");
  });
});

describe("holdsEcho", () => {
  /** As long and as rare as it comes, among them the units of the forms themselves. */
  const around = fc.string({ maxLength: 300 });

  it("says what a plain search for each form says", () => {
    fc.assert(
      fc.property(
        secret,
        around,
        around,
        fc.nat(),
        fc.nat(),
        (value, before, after, which, cut) => {
          const echoes = echoesOf(value, "Bearer {}");
          const form = echoes[which % echoes.length] ?? "";
          const whole = before + form + after;
          expect(holdsEcho(echoes, whole)).toBe(true);
          const halved = before + form.slice(cut % form.length) + after;
          expect(holdsEcho(echoes, halved)).toBe(found(halved, echoes));
          expect(holdsEcho(echoes, before + after)).toBe(found(before + after, echoes));
        },
      ),
    );
  });

  it("looks for the forms of each list it is asked about", () => {
    const [first, second] = [echoesOf("first-secret", "{}"), echoesOf("second-secret", "{}")];
    expect(holdsEcho(first, "a first-secret")).toBe(true);
    expect(holdsEcho(second, "a first-secret")).toBe(false);
    expect(holdsEcho(first, "a second-secret")).toBe(false);
    expect(holdsEcho([], "a first-secret")).toBe(false);
  });
});
