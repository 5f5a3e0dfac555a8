import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assessDestination } from "../../../src/core/destination/assess-destination.ts";
import { NO_DOMAINS } from "../../../src/core/destination/domain-list.ts";
import { destinationFeeds, type Feed } from "../../../src/core/destination/feed.ts";
import { readFeed } from "../../../src/core/destination/read-feed.ts";
import { instant } from "../../../src/core/units.ts";

const NOW = instant(Date.parse("2026-11-21T00:00:00Z"));

function feed(name: string, as: Feed["as"], text: string): Feed {
  const { problems, domains, urls, ranges } = readFeed(`${name}.txt`, text, NOW);
  expect(problems).toEqual([]);
  return { name, as, domains, urls, ranges };
}

function assess(feeds: readonly Feed[], address: string) {
  const lists = { trusted: NO_DOMAINS, blocked: NO_DOMAINS, feeds: destinationFeeds(feeds) };
  const { suspicions } = assessDestination(address, lists);
  return suspicions.flatMap(({ kind, factors }) => (kind === "listed" ? factors : []));
}

const BAD = `# what others found
bad.example
*.wide.example   # with all below
=exact.example
https://host.example/malware/
http://query.example/p?id=7
http://whole.example
198.51.100.7
203.0.113.0/24
2001:db8:bad::/48
0.0.0.0 from-hosts.example
later.example until 2027-01-31
gone.example until 2026-11-21
bücher.example
`;

describe("a feed of addresses", () => {
  const feeds = [feed("mine", "blocked", BAD)];

  it.each([
    "https://bad.example/",
    "https://sub.bad.example/x",
    "http://a.b.wide.example",
    "https://exact.example",
    "https://host.example/malware/x.exe",
    "https://HOST.example:8443/malware/",
    "https://query.example/p?id=7&x=1",
    "https://whole.example/anything",
    "http://198.51.100.7/",
    "http://203.0.113.99:8080/x",
    "http://3405803875/",
    "http://[2001:db8:bad::1]/",
    "https://from-hosts.example",
    "https://later.example",
    "https://xn--bcher-kva.example",
  ])("lists %s", (address) => {
    expect(assess(feeds, address)).toEqual(["listed-by-mine"]);
  });

  it.each([
    "https://good.example",
    "https://notbad.example",
    "https://sub.exact.example",
    "https://host.example/docs",
    "https://query.example/p?id=8",
    "http://198.51.100.8/",
    "https://gone.example",
    "http://[2001:db8:900d::1]/",
  ])("does not list %s", (address) => {
    expect(assess(feeds, address)).toEqual([]);
  });

  it("blocks before another one trusts, and says which it was", () => {
    const both = [feed("ours", "trusted", "bad.example"), ...feeds];
    expect(assess(both, "https://bad.example")).toEqual(["listed-by-mine"]);
  });

  it("trusts what looks like somebody else, but nothing that leads inside", () => {
    const ours = { feeds: destinationFeeds([feed("ours", "trusted", "paypa1.com\n127.0.0.1")]) };
    const lists = { trusted: NO_DOMAINS, blocked: NO_DOMAINS, ...ours };
    expect(assessDestination("https://paypa1.com/login", lists).suspicions).toEqual([]);
    const inside = assessDestination("http://127.0.0.1/", lists).suspicions.map(({ kind }) => kind);
    expect(inside).toEqual(["ssrf"]);
  });

  it("says by line what it cannot read, and gives up on what is no feed", () => {
    const text =
      "ok.example\r\nno entry\r\n\r\nftp://x.example\r\nx.example until 2026-13-40\r\n1.2.3.4/40";
    const { problems, domains } = readFeed("f.txt", text, NOW);
    expect(domains).toEqual(["ok.example"]);
    expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
      "2 no entry is no entry of a feed",
      "4 ftp://x.example is no entry of a feed",
      "5 2026-13-40 is no day or UTC time",
      "6 1.2.3.4/40 is no entry of a feed",
    ]);
    expect(readFeed("f.txt", "{}\n".repeat(1000), NOW).problems).toHaveLength(20);
  });

  it("knows when the next entry runs out", () => {
    expect(readFeed("f.txt", BAD, NOW).nextEnd).toBe(Date.parse("2027-01-31"));
    expect(readFeed("f.txt", "a.example", NOW).nextEnd).toBeUndefined();
  });

  it("reads any text without throwing, whatever ends its lines", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (lines) => {
        readFeed("f.txt", lines.join("\r\n"), NOW);
      }),
    );
  });
});
