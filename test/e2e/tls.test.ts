/** Agents known by their certificates and by a cluster's tokens, at the program as it is started. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CRAFTY,
  DNS,
  FOREIGN,
  GATE,
  GATE2,
  HOUSE_CA,
  NAMED,
  SPIFFE,
  type Certificate,
} from "../support/certificates.ts";
import { startHeldUpstream, type HeldUpstream } from "../support/held-upstream.ts";
import { ledgerLines } from "../support/ledger-lines.ts";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";
import { tlsGet } from "../support/tls-get.ts";

const AUDIENCE = "sallyport";
const ISSUER = "https://kubernetes.default.svc.cluster.local";

let directory: string;
let held: HeldUpstream;
let cluster: Awaited<ReturnType<typeof startCluster>>;
const at = (name: string): string => join(directory, name);

/** The part of a Kubernetes API server that publishes its keys, to pods alone. */
async function startCluster() {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256" }] };
  const server = createServer({ ...GATE }, (request, response) => {
    const isPod = request.headers.authorization === "Bearer the-pods-own-token";
    response.writeHead(isPod ? 200 : 401, { "content-type": "application/jwk-set+json" });
    response.end(isPod ? JSON.stringify(jwks) : "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    jwksUrl: `https://localhost:${port}/openid/v1/jwks`,
    /** As the TokenRequest API makes them for a projected volume. */
    token: (namespace: string, account: string, audience = AUDIENCE): Promise<string> =>
      new SignJWT({
        "kubernetes.io": { namespace, serviceaccount: { name: account, uid: "1" } },
      })
        .setProtectedHeader({ alg: "RS256", kid: "k1" })
        .setIssuer(ISSUER)
        .setAudience([audience])
        .setSubject(`system:serviceaccount:${namespace}:${account}`)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
    close: () => server.close(),
  };
}

function startGate(more: Readonly<Record<string, string>> = {}): Promise<SallyportProcess> {
  return startSallyport({
    config:
      `upstreams:\n` +
      `  - { name: web, wire: http, url: "${held.upstream.url}", allow_private: true }\n` +
      `identity:\n  token_issuers:\n` +
      `    - { issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks: "${cluster.jwksUrl}",\n` +
      `        ca_file: ${at("ca.pem")}, token_file: ${at("pod-token")} }\n` +
      `agents:\n` +
      `  - { name: pod-bot, clearance: 3, subjects: ["spiffe://house/ns/prod/sa/bot"] }\n` +
      `  - { name: dns-bot, subjects: [bot.example.com] }\n` +
      `  - { name: plain-bot, subjects: [plain-bot] }\n` +
      `  - { name: cluster-bot, subjects: ["system:serviceaccount:agents:bot"] }\n`,
    policies: {
      "all.yaml":
        `version: 1\nagents: ["*"]\nrules:\n` +
        `  - { id: web, http: { upstreams: [web] }, effect: allow }\n`,
    },
    env: { ...certificateFiles(), ...more },
  });
}

const certificateFiles = () => ({
  SALLYPORT_LISTEN_TLS_CERT_FILE: at("gate.crt"),
  SALLYPORT_LISTEN_TLS_KEY_FILE: at("gate.key"),
  SALLYPORT_LISTEN_TLS_CLIENT_CA_FILE: at("ca.pem"),
});

function call(
  gate: SallyportProcess,
  client?: Certificate,
  headers: Readonly<Record<string, string>> = {},
) {
  return tlsGet(`https://127.0.0.1:${gate.port}/web/now`, client, headers);
}

function put({ cert, key }: Certificate): void {
  writeFileSync(at("gate.key"), key);
  writeFileSync(at("gate.crt"), cert);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-tls-"));
  held = await startHeldUpstream();
  cluster = await startCluster();
  put(GATE);
  writeFileSync(at("ca.pem"), HOUSE_CA);
  writeFileSync(at("pod-token"), "the-pods-own-token\n");
});
afterAll(async () => {
  cluster.close();
  await held[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

describe("a listener that asks for certificates", () => {
  let gate: SallyportProcess;
  beforeAll(async () => {
    gate = await startGate();
  });
  afterAll(() => gate[Symbol.asyncDispose]());

  it("knows agents by URI, by DNS name, and by the common name where there is no other", async () => {
    for (const client of [SPIFFE, DNS, NAMED]) {
      expect(await call(gate, client)).toMatchObject({ status: 200, body: "ok" });
    }
    const lines = await ledgerLines(gate.dataDirectory);
    const seen = lines.flatMap(({ asked }) => asked?.principal?.agent ?? []);
    expect(new Set(seen)).toEqual(new Set(["pod-bot", "dns-bot", "plain-bot"]));
    const proofs = lines.map((line) => JSON.stringify(line)).join("\n");
    expect(proofs).toContain('"clearance":3');
    expect(proofs).toContain('"proven_by":"certificate"');
  });

  it("is known to the doctor, who has none, and its certificate with it", async () => {
    const doctor = (more: Readonly<Record<string, string>> = {}) =>
      runSallyport(["doctor", "--config", gate.configFile], {
        env: { ...certificateFiles(), ...more },
      });
    const { output } = await doctor();
    expect(output).toMatch(/ok {4}listen +\S+ is where Sallyport is running/);
    expect(output).toMatch(/ok {4}certificate +listen: until 2126-/);
    const torn = await doctor({ SALLYPORT_LISTEN_TLS_CERT_FILE: at("gate.key") });
    expect(torn.output).toMatch(/FAIL {2}listen /);
    expect(torn.output).toMatch(/FAIL {2}certificate +\S*gate\.key/);
    expect(torn.code).toBe(1);
  });

  it("serves nobody without one, nor a stranger's, nor one that pretends to two names", async () => {
    await expect(call(gate)).rejects.toThrow();
    await expect(call(gate, FOREIGN)).rejects.toThrow();
    await expect.poll(() => gate.output()).toMatch(/a client's was refused: [A-Z_]+/);
    expect(await call(gate, CRAFTY)).toMatchObject({ status: 401 });
  });

  it("takes a renewed certificate with SIGHUP, and keeps the last good one", async () => {
    expect((await call(gate, SPIFFE)).server).toBe("gate");
    put(GATE2);
    gate.child.kill("SIGHUP");
    await expect.poll(async () => (await call(gate, SPIFFE)).server).toBe("gate-renewed");
    writeFileSync(at("gate.crt"), "no certificate");
    gate.child.kill("SIGHUP");
    await expect.poll(() => gate.output()).toContain("certificate cannot be used");
    expect((await call(gate, SPIFFE)).server).toBe("gate-renewed");
    put(GATE);
  });
});

describe("a listener that may be shown a certificate", () => {
  let gate: SallyportProcess;
  beforeAll(async () => {
    gate = await startGate({ SALLYPORT_LISTEN_TLS_CLIENT_AUTH: "optional" });
  });
  afterAll(() => gate[Symbol.asyncDispose]());

  it("takes a pod's projected token in its place, for its namespace and audience alone", async () => {
    const shown = async (token: string) =>
      (await call(gate, undefined, { "x-sallyport-key": token })).status;
    expect(await shown(await cluster.token("agents", "bot"))).toBe(200);
    expect(await shown(await cluster.token("other", "bot"))).toBe(401);
    expect(await shown(await cluster.token("agents", "bot", "https://kubernetes"))).toBe(401);
    expect((await call(gate)).status).toBe(401);
    expect(JSON.stringify(await ledgerLines(gate.dataDirectory))).toContain("cluster-bot");
  });

  it("still refuses one that is wrong", async () => {
    expect(await call(gate, SPIFFE)).toMatchObject({ status: 200 });
    await expect(call(gate, FOREIGN)).rejects.toThrow();
  });
});

describe("a cluster that does not give its keys", () => {
  it("makes no strangers of its pods: they are told to try again, and then served", async () => {
    writeFileSync(at("pod-token"), "an old one\n");
    await using gate = await startGate({ SALLYPORT_LISTEN_TLS_CLIENT_AUTH: "optional" });
    const token = await cluster.token("agents", "bot");
    const shown = () => call(gate, undefined, { "x-sallyport-key": token });
    const { status, body } = await shown();
    expect([status, JSON.parse(body).code]).toEqual([503, "identity_unavailable"]);
    expect(gate.output()).toContain(ISSUER);
    writeFileSync(at("pod-token"), "the-pods-own-token\n");
    await expect.poll(async () => (await shown()).status).toBe(200);
  });
});

describe("a certificate that cannot be used", () => {
  it("stops the start, and says which file", async () => {
    await expect(startGate({ SALLYPORT_LISTEN_TLS_CERT_FILE: at("missing.crt") })).rejects.toThrow(
      /missing\.crt[^]*tls section/,
    );
    writeFileSync(at("other.key"), SPIFFE.key);
    await expect(startGate({ SALLYPORT_LISTEN_TLS_KEY_FILE: at("other.key") })).rejects.toThrow(
      /cannot be used/,
    );
  });
});
