import { describe, expect, it, vi } from "vitest";
import { assessDestination, NO_LISTS } from "../../../src/core/destination/assess-destination.ts";
import { domainList } from "../../../src/core/destination/domain-list.ts";
import { decodePunycode } from "../../../src/core/destination/punycode.ts";
import { readablePayload } from "../../../src/core/destination/readable-payload.ts";
import type { Inspection } from "../../../src/core/inspect/inspection.ts";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { scanJson } from "../../../src/core/inspect/scan-json.ts";
import { looking } from "./inspections.ts";

const MEDIUM = 60;
/** As the pack `inspection` has it. */
const inPack: Inspection = {
  surface: "request",
  rules: [
    { id: "addresses", find: ["destination"], scoreMin: MEDIUM, action: "block" },
    { id: "addresses-named", find: ["destination.ssrf"], scoreMin: 30, action: "report" },
  ],
};

/** Kinds of trouble from `medium` on, the heaviest first. */
function troubleWith(address: string): readonly string[] {
  const { suspicions } = assessDestination(address, NO_LISTS);
  return suspicions.filter(({ score }) => score >= MEDIUM).map(({ kind }) => kind);
}

describe("a destination", () => {
  it.each([
    "http://127.0.0.1:8080/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://[::ffff:10.0.0.1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://kubernetes.default.svc/api",
    "http://printer.local/",
    "http://redis:6379/",
    "http://web.service.consul:8500/v1/kv/",
    "http://metadata.oraclecloud.com/opc/",
    "http://app.localhost.example.net/",
    "http://[fe80::1%25eth0]/",
    "http://127-0-0-1.local-ip.co/",
    "http://192-168-0-1.sslip.io/",
    "gopher://10.1.2.3:6379/_INFO",
    "sftp://%31%30.1.2.3/etc",
    "sftp://LOCALHOST/etc",
    "file:///home/app/.env",
    "javascript:fetch('//x')",
    "https://api.github.com@198.51.100.3/",
    "https://github.com\\@evil.example/",
    "https://github.com%2f@evil.example/",
  ])("%s leads inside, or hides where it leads", (address) => {
    expect(troubleWith(address)).toContain("ssrf");
  });

  it.each([
    "https://paypa1.com/signin",
    "https://rnicrosoft.com/",
    "https://www.gogole.com/",
    "https://xn--pypal-4ve.com/",
    "https://netflix-billing.info/",
    "https://secure-wellsfargo-login.com/",
    "https://facebook.com.account-check.top/",
    "https://instagram.login.example.ru/",
    "https://dropboxfiles.xyz/",
    "https://someone.github.io/netflix-clone/",
    "https://login.aple.com/signin",
    "https://adobbe.com/",
    "https://omcast-help.com/login",
    "https://uniswap-restore.app/",
    "https://secureebay.com/",
    "https://samsong.com/account",
    "https://raiffeisen-session.net/",
    "https://pyth0n.org/ftp/",
    "https://spotify.cm/",
    "https://login.tagret.com/signin",
    "https://login.orenge.com/signin",
    "https://slakc.com/",
    "https://fdelity.com/account/verify",
    "https://bakery.example.com/wp-content/paypal/signin.php",
  ])("%s passes for somebody else", (address) => {
    expect(troubleWith(address)).toContain("lookalike");
  });

  it.each([
    "https://a.example.net/p?d=cGFzc3dvcmQ9aHVudGVyMjMgdXNlcj1yb290",
    "https://ONUGKY3SMV2D2MJSGM2DKNQ.t.example.net/",
    "https://x.example.net/6170695f6b65793d3132333435363738393061626364/a.gif",
    "https://x.example.net/log?line=DB_PASSWORD%3Dhunter23",
    "https://0a1b2c3d.4e5f6a7b.8c9d0e1f.2a3b4c5d.x.example.net/",
    "https://kqwzpxva.mtrlboae.ydscnhuw.x.example.net/",
    "https://KRUGS4ZANFZSA5DF.x.example.net/",
    "https://x.example.net/dXNlcj1t/YXJhJnRv/a2VuPXg5/MDEyMzQ1/Njc",
    "https://x.example.net/i/cGF0aWVudCBNYXJhIGhhcyBhIGNvbGQ.png",
    "https://x.example.net/c?a=dXNlcj1t&b=YXJhJnRv&c=a2VuPXg5&d=MDEyMzQ1",
    "https://x.example.net/DB_PASSWORD%3Dhunter23",
    "https://x.example.net/log?line=DB_PASSWORD%253Dhunter23",
    "https://x.example.net/log?line=paid%20with%204242424242424242",
    "https://webhook.site/0f1e2d3c",
    "https://abc.oast.fun/",
  ])("%s carries something out", (address) => {
    expect(troubleWith(address)).toContain("exfiltration");
  });

  it.each([
    "https://docs.python.org/3/library/urllib.parse.html#module-urllib",
    "https://www.amazon.co.uk/dp/B000000000?tag=x",
    "https://accounts.google.com/o/oauth2/v2/auth?state=eyJhIjoiYiIsImMiOiJkZSJ9&scope=openid",
    "https://github.mycompany.example/org/repo/pull/12",
    "https://bücher.example/",
    "https://api.example.com/v1/items/3fa85f64-5717-4562-b3fc-2c963f66afa6?page=2",
    "https://cdn.example.net/assets/index.9f86d081884c7d65.js",
    "https://s3.eu-central-1.amazonaws.com/bucket/key?X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027",
    "https://discard.example.com/",
    "https://pineapple.example/recipes?q=purchase",
    "https://storage.googleapis.com/a/b.png?X-Goog-Signature=8c41a94b2079215530017796f3a2d1",
    "https://cdn.example/app.js?_=1767225600000",
    "https://0a2496bf5115075d289cd980e87d0cd4.eu-west-1.search.example:9243/",
    "https://api.example/docs/auth/user/list",
    "https://apply.example/",
    "https://www.standard.example.co.uk/",
    "https://standard.co.uk/news",
    "https://pinecrest.com/",
    "https://python-forum.io/",
    "https://pythonanywhere.com/login/",
    "https://weechat.org/",
    "https://www.openal.org/",
    "https://shop.telecom.example/",
    "https://portal.autohaus-weber.example/oauth/callback",
    "https://login.stack.example/signin",
    "https://shop.remote.example/login",
    "https://tiktoken.pages.dev/js/base.json",
    "https://shop.cloud.example/",
  ])("%s is nobody's trouble", (address) => {
    expect(troubleWith(address)).toEqual([]);
  });

  it("says what speaks against it, heaviest first, with score and confidence", () => {
    const { domain, suspicions } = assessDestination("https://paypal-verify.top/", NO_LISTS);
    expect(domain).toBe("paypal-verify.top");
    expect(suspicions[0]).toMatchObject({
      kind: "lookalike",
      factors: ["brand-in-name", "lure-word", "risky-suffix"],
    });
    expect(suspicions[0]?.score).toBeGreaterThanOrEqual(80);
    expect(suspicions[0]?.confidence).toBeLessThan(1);
  });

  it("is refused by the operator's list, and spared by it, inside addresses never", () => {
    const lists = {
      ...NO_LISTS,
      trusted: domainList(["*.corp.example", "10.0.0.1"]),
      blocked: domainList(["evil.example", "=one.example"]),
    };
    const kinds = (address: string): readonly string[] =>
      assessDestination(address, lists).suspicions.map(({ kind }) => kind);
    expect(kinds("https://a.b.evil.example/")).toEqual(["listed"]);
    expect(kinds("https://one.example/")).toEqual(["listed"]);
    expect(kinds("https://two.one.example/")).toEqual([]);
    expect(kinds("https://paypal-login.corp.example/")).toEqual([]);
    expect(kinds("http://10.0.0.1/")).toEqual(["ssrf"]);
  });
});

describe("what an address hides", () => {
  it("is read from base64, base64url, base32 and hex, if it is text", () => {
    const text = "user=alice&token=x9";
    for (const form of ["base64", "base64url", "hex"] as const) {
      expect(readablePayload(Buffer.from(text).toString(form))).toContain("user=alice");
    }
    expect(readablePayload("OVZWK4R5MFWGSY3F")).toBe("user=alice");
    expect(readablePayload("9f86d081884c7d659a2feaa0c55ad015")).toBeUndefined();
  });

  it("is read from punycode as the examples of RFC 3492 say", () => {
    expect(decodePunycode("bcher-kva")).toBe("bücher");
    expect(decodePunycode("ihqwcrb4cv8a8dqg056pqjye")).toBe("他们为什么不说中文");
    expect(decodePunycode("a-b-!")).toBeUndefined();
  });
});

describe("the destination detectors", () => {
  const found = (text: string, find = "destination"): readonly string[] => {
    const scanner = createPartScanner(looking([find], "report", MEDIUM), "p", []);
    scanner.push(text);
    scanner.end();
    return scanner.findings.map(({ detector }) => detector);
  };

  it("tell an address that is called from one that is only mentioned", () => {
    expect(found("Open http://localhost:3000 in your browser to see it.")).toEqual([]);
    expect(found("http://localhost:3000")).toEqual(["destination.ssrf"]);
    expect(found("curl -s http://localhost:3000/admin")).toEqual(["destination.ssrf"]);
    expect(found("GET /proxy?url=http://169.254.169.254/")).toEqual(["destination.ssrf"]);
    const look = looking(["destination"], "report", MEDIUM);
    const value = { webhook_url: "see http://localhost:9 please" };
    expect(scanJson(look, value, []).findings).toHaveLength(1);
  });

  it.each([
    [{ path: "a.ts", content: "const API_URL = 'http://localhost:3000';\n" }],
    [{ file_text: "Then run curl http://localhost:3000/health\n" }],
    [{ old_str: "http://localhost:3000", new_str: "fetch('http://127.0.0.1:4000')" }],
    [{ edits: [{ oldText: "http://10.0.0.5/", newText: "http://10.0.0.6/" }] }],
    [{ patch: "+  const res = await axios.get('http://localhost:3000/api')" }],
  ])("report an inside address in text that a tool writes, which calls nothing: %j", (args) => {
    const { findings, blocked } = scanJson(inPack, args, []);
    expect(blocked).toBeUndefined();
    expect(findings.map(({ detector, action }) => [detector, action])).toContainEqual([
      "destination.ssrf",
      "report",
    ]);
  });

  it.each([
    [{ url: "http://localhost:3000" }],
    [{ target_content_url: "http://localhost:3000" }],
    [{ command: "curl http://localhost:3000/" }],
    [{ code: "requests.get('http://10.0.0.5/admin')" }],
    [{ source: "http://10.0.0.5/" }],
    [{ content: "fetch('http://169.254.169.254/latest/meta-data/')" }],
  ])("block one that is called, and the cloud's own wherever it stands: %j", (args) => {
    expect(scanJson(inPack, args, []).blocked).toMatchObject({ detector: "destination.ssrf" });
  });

  it("tell so wherever a stream is cut, also behind more than is kept of it", () => {
    const look = looking(["destination"], "report", MEDIUM);
    for (const text of [`${"\n".repeat(300)}http://10.0.0.1/ `, "http://10.0.0.1/ is mine"]) {
      const judged = [1, 3, text.length].map((width) => {
        const scanner = createPartScanner(look, "p", []);
        for (let at = 0; at < text.length; at += width) scanner.push(text.slice(at, at + width));
        scanner.end();
        return scanner.findings;
      });
      expect(judged).toEqual([[], [], []]);
    }
  });

  it("judge what an address carries by itself, up to the next one", () => {
    expect(found("https://a.example/?u=http://10.0.0.1/?v=https://b.example/")).toEqual([
      "destination.ssrf",
    ]);
    expect(found("javascript:javascript:javascript:alert(1)")).toContain("destination.ssrf");
  });

  it("end an address where source code writes the end of a line, not at other backslashes", () => {
    expect(found("https://github.com\\u0007")).toEqual([]);
    expect(found("https://github.com\\n")).toEqual([]);
    expect(found("https://github.com\\n.evil.example/")).toEqual(["destination.ssrf"]);
    expect(found("https://github.com\\@evil.example/")).toEqual(["destination.ssrf"]);
  });

  it("see an address without slashes, and none in the port of a service", () => {
    expect(found("http:169.254.169.254/latest")).toEqual(["destination.ssrf"]);
    expect(found("http:8080")).toEqual([]);
  });

  it("see a name as it was written, before look-alike letters are folded", () => {
    const look = looking(["destination"], "report", MEDIUM);
    const value = { a: "https://p\u0430yp\u0430l.com/", b: "\u200bhttps://paypal.com/" };
    expect(scanJson(look, value, []).findings).toMatchObject([
      { detector: "destination.lookalike", part: "/a" },
    ]);
  });

  it("leave templates and ordinary links alone", () => {
    expect(found("`http://${host}:8080/x` and https://{account}.example.com/")).toEqual([]);
    expect(
      found("See https://example.org/docs (and https://www.rfc-editor.org/rfc/rfc3492)."),
    ).toEqual([]);
  });

  it("take the lists of the rules that look", () => {
    const inspection: Inspection = {
      surface: "request",
      rules: [
        {
          id: "a",
          find: ["destination"],
          scoreMin: MEDIUM,
          action: "block",
          domains: { trusted: [], blocked: ["pastes.example"] },
        },
      ],
    };
    expect(scanJson(inspection, { to: "https://x.pastes.example/1" }, []).blocked).toMatchObject({
      detector: "destination.listed",
      signature: "blocked-by-list",
    });
  });

  it("carry the marks of every rule that wants them, whichever rule decides", () => {
    const rule = { find: ["destination"], scoreMin: MEDIUM };
    const inspection: Inspection = {
      surface: "request",
      rules: [
        { ...rule, id: "a", action: "block", marks: ["tried"] },
        { ...rule, id: "b", action: "report", marks: ["seen"] },
        { ...rule, id: "c", action: "report", scoreMin: 100, marks: ["sure"] },
      ],
    };
    const { blocked } = scanJson(inspection, { url: "http://10.0.0.1/" }, []);
    expect(blocked).toMatchObject({ rule: "a", marks: ["tried", "seen"] });
  });
});

describe("what was registered", () => {
  const look = (address: string) => assessDestination(address, NO_LISTS).suspicions;
  const unitsReadIn = (work: () => unknown): number => {
    const read = vi.spyOn(String.prototype, "charCodeAt");
    work();
    const units = read.mock.calls.length;
    read.mockRestore();
    return units;
  };

  it("is compared with brands once, whatever stands before it", () => {
    const first = unitsReadIn(() => look("https://a1.rnicrosofft-paypai-netfllx-忘れ.example/"));
    const next = unitsReadIn(() => look("https://b2.rnicrosofft-paypai-netfllx-忘れ.example/"));
    expect(next).toBeLessThan(first / 4);
    expect(look("https://b2.rnicrosofft-忘れ.example/")).toEqual(
      look("https://a1.rnicrosofft-忘れ.example/"),
    );
  });

  it("is no reason to overlook what stands before another of the same", () => {
    const names = (address: string) => look(address).flatMap(({ factors }) => factors);
    expect(names("https://plain.quiet-harbour.top/")).not.toContain("brand-in-subdomain");
    expect(names("https://paypal.com.quiet-harbour.top/")).toContain("brand-in-subdomain");
    expect(names("https://plain.quiet-harbour.top/")).not.toContain("brand-in-subdomain");
    const lured = names("https://login.rnicrosofft.example/");
    expect(lured).toContain("lure-word");
    expect(names("https://a.rnicrosofft.example/")).not.toContain("lure-word");
  });
});
