/** An IPv6 address as sockets and resolvers want it; URLs write it in brackets (RFC 3986 §3.2.2). */
export function withoutBrackets(hostname: string): string {
  return hostname[0] === "[" ? hostname.slice(1, -1) : hostname;
}
