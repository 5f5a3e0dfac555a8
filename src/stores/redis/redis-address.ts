/**
 * Where the shared store is, in one line:
 *
 *     redis://user@host:6379/0                one server
 *     redis+sentinel://a:26379,b:26379/name   the primary called `name`, found through its Sentinels
 *     redis+cluster://a:6379,b:6379           a cluster, found through some of its nodes
 *
 * `rediss` in the place of `redis` speaks TLS.
 */
export interface RedisAddress {
  readonly kind: "single" | "sentinel" | "cluster";
  readonly tls: boolean;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Name of the primary at its Sentinels. */
  readonly primary: string | undefined;
  readonly database: number;
}

export type AddressReply =
  | { readonly kind: "address"; readonly address: RedisAddress }
  | { readonly kind: "wrong"; readonly message: string; readonly suggestion: string };

const SHAPE = /^(redis|rediss)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^@/]+)(?:\/(.*))?$/;
const NODES_MAX = 64;
const DATABASE_MAX = 9999;

export function parseRedisAddress(text: string): AddressReply {
  const [, scheme, topology, account = "", hosts = "", path = ""] = SHAPE.exec(text) ?? [];
  if (scheme === undefined) return wrong("it is no address of a store");
  const kind = topology === "sentinel" || topology === "cluster" ? topology : "single";
  const names = hosts.split(",");
  const nodes = names.flatMap((name) => parseNode(name, kind) ?? []);
  if (nodes.length < names.length || nodes.length > NODES_MAX) {
    return wrong("its hosts are not written as host:port, with commas between them");
  }
  if (kind === "single" && nodes.length > 1) {
    return wrong("several hosts are a cluster or Sentinels");
  }
  const [primary, number] = kind === "sentinel" ? splitOnce(path, "/") : [undefined, path];
  if (kind === "sentinel" && primary === "") return wrong("it lacks the name of the primary");
  const database = number === undefined || number === "" ? 0 : Number(number);
  if (!/^\d{0,4}$/.test(number ?? "") || database > DATABASE_MAX) {
    return wrong(`its database is not a number from 0 to ${DATABASE_MAX}`);
  }
  if (kind === "cluster" && database !== 0) return wrong("a cluster has database 0 only");
  const [username, password] = splitOnce(account, ":");
  const address: RedisAddress = {
    kind,
    tls: scheme === "rediss",
    nodes,
    username: decoded(username),
    password: decoded(password),
    primary,
    database,
  };
  return { kind: "address", address };
}

const NODE = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;
const PORTS = { single: 6379, cluster: 6379, sentinel: 26_379 } as const;

function parseNode(text: string, kind: RedisAddress["kind"]) {
  const [, host, port] = NODE.exec(text) ?? [];
  const number = port === undefined ? PORTS[kind] : Number(port);
  if (host === undefined || number < 1 || number > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: number };
}

function splitOnce(text: string, at: string): [string, string | undefined] {
  const index = text.indexOf(at);
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded after all: then it is meant as it stands.
    return text;
  }
}

function wrong(message: string): AddressReply {
  const suggestion =
    "write redis://host:6379, redis+sentinel://host:26379/name or redis+cluster://host:6379";
  return { kind: "wrong", message, suggestion };
}
