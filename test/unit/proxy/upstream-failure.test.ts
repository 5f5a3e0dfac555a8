import { describe, expect, it } from "vitest";
import { refusalOfFailure } from "../../../src/proxy/upstream-failure.ts";

const failing = (code: string): Error => Object.assign(new Error("it went wrong"), { code });

describe("a failure on the way to an upstream", () => {
  it.each([
    "CERT_HAS_EXPIRED",
    "CERT_NOT_YET_VALID",
    "CERT_REVOKED",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "HOSTNAME_MISMATCH",
    "INVALID_CA",
  ])("%s is one of proof: nothing was sent, and an operator reads what to do", (code) => {
    expect(refusalOfFailure(failing(code), "corp")).toMatchObject({
      code: "upstream_unreachable",
      detail: expect.stringContaining(`cannot prove who it is (${code}); nothing was sent`),
      remedy: expect.stringContaining("ca_file"),
    });
  });

  it.each(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ERR_SSL_WRONG_VERSION_NUMBER", "EMFILE"])(
    "%s is one of reaching it",
    (code) => {
      expect(refusalOfFailure(failing(code), "corp")).toMatchObject({
        code: "upstream_unreachable",
        detail: `The upstream corp cannot be reached (${code}).`,
      });
    },
  );

  it.each([
    ["UND_ERR_HEADERS_TIMEOUT", "upstream_timeout"],
    ["ERR_TOTAL_TIMEOUT", "upstream_timeout"],
    ["ECONNRESET", "upstream_broken"],
    ["UND_ERR_SOCKET", "upstream_broken"],
    ["HPE_INVALID_CONSTANT", "upstream_broken"],
  ])("%s is %s", (code, refusal) => {
    expect(refusalOfFailure(failing(code), "corp").code).toBe(refusal);
  });
});
