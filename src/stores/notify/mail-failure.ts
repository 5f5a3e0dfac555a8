/**
 * Why a mail did not leave, as its operator may read it. The server's own words stay in its log:
 * they may repeat what it was sent.
 *
 * @see https://nodemailer.com/smtp/#error-handling
 */

/** By nodemailer's code. */
const REASONS: Readonly<Record<string, string>> = {
  EAUTH: "it refuses the user or the password",
  EDNS: "nobody knows its name",
  EENVELOPE: "it takes no mail from this sender, or none for this recipient",
  EMESSAGE: "it refuses the message",
  ENOAUTH: "it wants a user and a password",
  ETIMEDOUT: "it does not answer in time",
  ETLS: "STARTTLS is not offered, or failed",
};

/** By the code of the socket, which says more. */
const CAUSES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is of no known authority: set smtp.ca_file",
  ECONNREFUSED: "nothing listens there",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not begin with TLS: try smtp:// in place of smtps://",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is of no known authority: set smtp.ca_file",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is of no known authority: set smtp.ca_file",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is of no known authority: set smtp.ca_file",
};

export function mailFailure(error: unknown): string {
  const code = wordOf(error, "code");
  const cause = wordOf(error, "originalCode");
  const status = wordOf(error, "responseCode");
  const reason = CAUSES[cause] ?? REASONS[code];
  const codes = [code, cause, status].filter((word) => word !== "").join(", ") || "failed";
  return `the mail server could not be used${reason === undefined ? "" : `: ${reason}`} (${codes})`;
}

/** Codes only: other text may be the server's. */
const CODE = /^[A-Z0-9_]{1,64}$/;

function wordOf(error: unknown, key: "code" | "originalCode" | "responseCode"): string {
  if (typeof error !== "object" || error === null) return "";
  const value: unknown = Reflect.get(error, key);
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  return CODE.test(text) ? text : "";
}
