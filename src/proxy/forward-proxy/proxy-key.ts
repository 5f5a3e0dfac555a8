export type ProxyKey =
  | { readonly kind: "ok"; readonly key: string | undefined }
  | { readonly kind: "problem"; readonly message: string };

/**
 * What `Proxy-Authorization` shows: it is meant for nobody but us, so that whatever stands there is
 * a key and must be right. `shown`: the key that was found among the other headers.
 */
export function proxyKey(header: string | undefined, shown: string | undefined): ProxyKey {
  if (header === undefined) return { kind: "ok", key: shown };
  const space = header.indexOf(" ");
  const scheme = header.slice(0, Math.max(0, space)).toLowerCase();
  const token = header.slice(space + 1).trim();
  const key = scheme === "basic" ? passwordIn(token) : token;
  if (shown !== undefined && shown !== key) {
    return { kind: "problem", message: "Two headers carry different Sallyport keys." };
  }
  return { kind: "ok", key };
}

/** The password; the user where there is none, as in `http://key@host`. */
function passwordIn(token: string): string {
  const text = Buffer.from(token, "base64").toString("latin1");
  const colon = text.indexOf(":");
  const password = colon === -1 ? "" : text.slice(colon + 1);
  return password === "" ? text.slice(0, colon === -1 ? undefined : colon) : password;
}
