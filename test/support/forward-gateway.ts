/** A gate with its forward proxy on, and hosts on loopback that it may lead to. */
import { createHash } from "node:crypto";
import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";
import { GATE } from "./certificates.ts";
import { startSallyport, type SallyportProcess } from "./sallyport-process.ts";

export const KEYS = {
  ada: "spt_ada_for_this_test",
  asker: "spt_asker_for_this_test",
  watched: "spt_watched_for_this_test",
  careful: "spt_careful_for_this_test",
  broad: "spt_broad_for_this_test",
} as const;

/** What the repository `/repo` of `secure` has as its main branch. */
export const GIT_COMMIT = "0123456789abcdef0123456789abcdef01234567";

export type AgentName = keyof typeof KEYS;

export interface ForwardGateway extends AsyncDisposable {
  readonly gate: SallyportProcess;
  /** `localhost:port` of each. */
  readonly places: {
    /** TLS, says the path that was asked for. */
    readonly secure: string;
    /** Says back what it hears; its tunnels are opaque. */
    readonly echo: string;
    /** TCP; nobody says anything, unless a test does. */
    readonly silent: string;
    /** HTTP in clear text, says the path. */
    readonly plain: string;
    /** An upstream of the gate, `web`. */
    readonly upstream: string;
  };
  /** What came to the hosts in clear text. */
  readonly asked: readonly IncomingMessage[];
  /** Connections to `silent`. */
  readonly met: readonly Socket[];
}

export interface ForwardOptions {
  /** More keys of `forward_proxy`, a line each. */
  readonly more?: string;
  /** More terms of the host `localhost`, YAML flow syntax. */
  readonly terms?: string;
}

export async function startForwardGateway({
  more = "",
  terms = "opaque: false",
}: ForwardOptions = {}): Promise<ForwardGateway> {
  const asked: IncomingMessage[] = [];
  const met: Socket[] = [];
  const answer = createHttpServer((request, response) => {
    asked.push(request);
    response.setHeader("set-cookie", "a=b").end(`you asked for ${request.url}`);
  });
  const upstream = createHttpServer((request, response) => {
    asked.push(request);
    response.end(`the upstream has ${request.url}`);
  });
  const secure = createHttpsServer(GATE, (request, response) => {
    const isGit = request.url?.startsWith("/repo/") === true;
    response.end(isGit ? `${GIT_COMMIT}\trefs/heads/main\n` : `inside is ${request.url}`);
  });
  const echo = createTcpServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined).pipe(socket);
  });
  const silent = createTcpServer({ allowHalfOpen: true }, (socket) => {
    met.push(socket.on("error", () => undefined));
  });
  const servers = { secure, echo, silent, plain: answer, upstream };
  const ports = await Promise.all(Object.values(servers).map(listening));
  const [securePort = 0, echoPort = 0, silentPort = 0, plainPort = 0, upstreamPort = 0] = ports;
  const gate = await startSallyport({
    config:
      `agents:\n${Object.entries(KEYS)
        .map(([name, key]) => `  - { name: ${name}, key_sha256: ${sha256(key)} }\n`)
        .join("")}` +
      `limits: { drain_ms: 1000 }\n` +
      `upstreams:\n  - { name: web, url: "http://localhost:${upstreamPort}/base", allow_private: true }\n` +
      `forward_proxy:\n  enabled: true\n` +
      `  connect_ports: [443, ${securePort}, ${echoPort}, ${silentPort}, ${upstreamPort}]\n` +
      `  http_ports: [80, ${plainPort}, ${upstreamPort}]\n` +
      `  hosts:\n    - { host: "localhost:${echoPort}", allow_private: true, opaque: true }\n` +
      `    - { host: "localhost", allow_private: true, ${terms} }\n${more}`,
    policies: POLICIES,
  });
  return {
    gate,
    places: {
      secure: `localhost:${securePort}`,
      echo: `localhost:${echoPort}`,
      silent: `localhost:${silentPort}`,
      plain: `localhost:${plainPort}`,
      upstream: `localhost:${upstreamPort}`,
    },
    asked,
    met,
    [Symbol.asyncDispose]: async () => {
      await gate[Symbol.asyncDispose]();
      for (const socket of met) socket.destroy();
      for (const server of Object.values(servers)) server.close();
    },
  };
}

const POLICIES = {
  "ada.yaml": `version: 1
agents: [ada]
rules:
  - id: tunnels
    http: { hosts: ["localhost:*", "127.0.0.1:*", "169.254.169.254:*"], methods: [CONNECT] }
    effect: allow
    marks: [untrusted]
  - { id: plain, http: { hosts: ["localhost:*"], methods: [GET, POST] }, effect: allow }
  - { id: numbers, http: { hosts: ["127.0.0.1:*"], methods: [GET] }, effect: allow }
  - id: unless-marked
    http: { hosts: ["localhost:*"], methods: [HEAD] }
    when: '!session.marks.exists(m, m == "untrusted")'
    effect: allow
  - { id: web, http: { upstreams: [web], methods: [GET], paths: [/open/**] }, effect: allow }
`,
  "asker.yaml": `version: 1
agents: [asker]
rules:
  - { id: ask, http: { hosts: ["localhost:*"], methods: [CONNECT] }, effect: approve }
`,
  "watched.yaml": `version: 1
agents: [watched]
rules:
  - { id: all, http: { hosts: ["localhost:*"], methods: [CONNECT, GET, POST] }, effect: allow }
inspect:
  - { id: keys-out, on: [request], find: [secret], do: block }
`,
  "careful.yaml": `version: 1
agents: [careful]
rules:
  - { id: anywhere, http: { hosts: ["*"], methods: [GET] }, effect: allow }
inspect:
  - { id: look-alikes, on: [request], find: [destination], at: medium, do: block }
`,
  "broad.yaml": `version: 1
agents: [broad]
rules:
  - { id: reads, http: { methods: ["*"] }, effect: allow }
`,
} as const;

/** As `http://agent:key@gate` makes a client say it. */
export function proxyAuthorization(agent: AgentName): string {
  return `Basic ${Buffer.from(`${agent}:${KEYS[agent]}`).toString("base64")}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function listening(server: Server | TcpServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(address === null || typeof address === "string" ? 0 : address.port);
    });
  });
}
