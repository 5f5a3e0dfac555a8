import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * PEM of whose signatures are believed. Throws for a file that cannot be read or begins with no
 * certificate: TLS itself would say nothing, and believe nobody.
 */
export function readAuthorities(file: string): string {
  const text = readFileSync(file, "utf8");
  void new X509Certificate(text);
  return text;
}
