/**
 * Checks `notifications:`: a mail server needs an address, a sender, and its password elsewhere.
 */
import type { Config } from "./config.ts";
import type { ConfigFile } from "./config-schema.ts";

type Complain = (path: string, message: string, suggestion?: string) => void;
/** Makes a file's name absolute. */
type PathOf = (key: string, value: string) => string;

export function resolveNotifications(
  { notifications: { allow_private: allowPrivate, smtp } }: ConfigFile,
  path: PathOf,
  complain: Complain,
): Config["notifications"] {
  const { url, from, password_ref: passwordRef, require_tls: requireTls, ca_file: ca } = smtp;
  if (url === undefined) return { allowPrivate, smtp: undefined };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === "") {
    complain("notifications.smtp.url", "not the URL of a mail server", "smtps://user@host");
  } else if (parsed.password !== "") {
    complain(
      "notifications.smtp.url",
      "has a password in it",
      "use notifications.smtp.password_ref",
    );
  }
  if (from === undefined) {
    complain("notifications.smtp.url", "needs a sender beside it", "set notifications.smtp.from");
  }
  const caFile = ca === undefined ? undefined : path("notifications.smtp.ca_file", ca);
  return { allowPrivate, smtp: { url, from: from ?? "", passwordRef, requireTls, caFile } };
}
