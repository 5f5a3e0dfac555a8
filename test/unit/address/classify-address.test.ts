import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyAddress } from "../../../src/core/address/classify-address.ts";

describe("classifyAddress", () => {
  it.each([
    ["8.8.8.8", "public"],
    ["1.1.1.1", "public"],
    ["172.15.255.255", "public"],
    ["172.32.0.0", "public"],
    ["100.63.255.255", "public"],
    ["100.128.0.0", "public"],
    ["11.0.0.0", "public"],
    ["223.255.255.255", "public"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["10.255.255.255", "private"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.0.1", "private"],
    ["100.64.0.1", "shared"],
    ["100.127.255.255", "shared"],
    ["169.254.1.1", "link_local"],
    ["169.254.169.254", "metadata"],
    ["169.254.170.2", "metadata"],
    ["100.100.100.200", "metadata"],
    ["192.0.0.192", "metadata"],
    ["168.63.129.16", "metadata"],
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "unspecified"],
    ["224.0.0.1", "multicast"],
    ["239.255.255.255", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "reserved"],
    ["192.0.0.8", "reserved"],
    ["192.0.2.1", "reserved"],
    ["192.88.99.1", "reserved"],
    ["198.18.0.1", "reserved"],
    ["198.19.255.255", "reserved"],
    ["198.51.100.7", "reserved"],
    ["203.0.113.7", "reserved"],
  ])("calls %s %s", (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });

  it.each([
    ["2606:4700:4700::1111", "public"],
    ["2a00:1450:4001:81b::200e", "public"],
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["0:0:0:0:0:0:0:1", "loopback"],
    ["fe80::1", "link_local"],
    ["fe80::1%eth0", "link_local"],
    ["febf::1", "link_local"],
    ["fec0::1", "private"],
    ["fc00::1", "private"],
    ["fdff:ffff::1", "private"],
    ["fd00:ec2::254", "metadata"],
    ["fd20:ce::254", "metadata"],
    ["fd00:c1::a9fe:a9fe", "metadata"],
    ["fe80::a9fe:a9fe%eth0", "metadata"],
    ["ff02::1", "multicast"],
    ["2001:db8::1", "reserved"],
    ["3fff::1", "reserved"],
    ["2001:2::1", "reserved"],
    ["2001:20::1", "reserved"],
    ["100::1", "reserved"],
    ["5f00::1", "reserved"],
    ["4000::1", "reserved"],
    ["64:ff9b:1::1", "private"],
  ])("calls %s %s", (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });

  it.each([
    ["mapped", "::ffff:169.254.169.254", "metadata"],
    ["mapped, in hex", "::ffff:7f00:1", "loopback"],
    ["mapped and public", "::ffff:8.8.8.8", "public"],
    ["compatible", "::10.0.0.1", "private"],
    ["compatible and public", "::8.8.8.8", "reserved"],
    ["translated", "::ffff:0:192.168.0.1", "private"],
    ["NAT64", "64:ff9b::a00:1", "private"],
    ["NAT64 and public", "64:ff9b::8.8.8.8", "public"],
    ["NAT64 to metadata", "64:ff9b::169.254.169.254", "metadata"],
    ["6to4", "2002:7f00:1::", "loopback"],
    ["6to4 and public", "2002:808:808::", "reserved"],
    ["Teredo, client inverted", "2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"],
    ["Teredo and public", "2001:0:4136:e378:8000:63bf:f7f7:f7f7", "reserved"],
    ["ISATAP", "2a00:1450::5efe:10.0.0.1", "reserved"],
    ["ISATAP with the universal bit", "2a00:1450::200:5efe:8.8.8.8", "reserved"],
  ])("looks through an IPv4 address inside IPv6: %s", (_form, address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });

  it.each([
    "",
    "localhost",
    "127.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "127.0.0.1.",
    " 127.0.0.1",
    "1.2.3.256",
    "[::1]",
    ":::1",
    "١٢٧.0.0.1",
  ])("does not take %j for an address", (text) => {
    expect(classifyAddress(text)).toBe("not_an_address");
  });

  it("judges every spelling of an IPv6 address alike", () => {
    const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
        const full = words.map((one) => one.toString(16).padStart(4, "0")).join(":");
        const short = new URL(`http://[${full}]/`).hostname.slice(1, -1);
        const tail = words.slice(6).flatMap((one) => [one >> 8, one & 0xff]);
        const dotted = `${words
          .slice(0, 6)
          .map((one) => one.toString(16))
          .join(":")}:${tail.join(".")}`;
        expect(classifyAddress(short)).toBe(classifyAddress(full));
        expect(classifyAddress(dotted)).toBe(classifyAddress(full.toUpperCase()));
      }),
    );
  });

  it("never calls an IPv6 form of a non-public IPv4 address public", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, byte, byte, (a, b, c, d) => {
        const plain = classifyAddress(`${a}.${b}.${c}.${d}`);
        fc.pre(plain !== "public");
        for (const prefix of ["::ffff:", "64:ff9b::", "::ffff:0:", "::"]) {
          expect(classifyAddress(`${prefix}${a}.${b}.${c}.${d}`)).not.toBe("public");
        }
      }),
    );
  });
});
