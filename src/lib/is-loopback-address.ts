import { isIP } from "node:net";

/** Whether a socket's other end is on this machine. */
export function isLoopbackAddress(ip: string): boolean {
  const plain = ip.startsWith("::ffff:") ? ip.slice(7) : ip;
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}
