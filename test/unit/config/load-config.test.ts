import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Config } from "../../../src/app/config/config.ts";
import { CONFIG_SCHEMA } from "../../../src/app/config/config-schema.ts";
import type { Environment } from "../../../src/app/config/environment.ts";
import { loadConfig } from "../../../src/app/config/load-config.ts";
import { SETTABLE, type Setting } from "../../../src/app/config/settings.ts";
import { showConfig } from "../../../src/app/config/show-config.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

let count = 0;

function load(
  text: string | Buffer,
  environment: Environment = {},
  flags: readonly Setting[] = [],
) {
  count += 1;
  const file = `case-${count}.yaml`;
  writeFileSync(join(directory, file), text);
  const reply = loadConfig({ file, flags, environment, workingDirectory: directory });
  return { file, reply };
}

function configOf(
  text: string,
  environment: Environment = {},
  flags: readonly Setting[] = [],
): Config {
  const { reply } = load(text, environment, flags);
  if (reply.kind === "config") return reply.config;
  throw new Error(JSON.stringify(reply.problems));
}

/** `line:column message → suggestion` of every problem. */
function problemsOf(text: string | Buffer, environment: Environment = {}): readonly string[] {
  const { file, reply } = load(text, environment);
  if (reply.kind === "config") return [];
  return reply.problems.map((problem) => {
    const where = problem.file === file ? `${problem.line}:${problem.column}` : problem.file;
    return `${where} ${problem.message} → ${problem.suggestion ?? ""}`;
  });
}

describe("a config file", () => {
  it("says what an identity provider's assertion needs, and reads where its secrets go", () => {
    const withGrant = (oauth: string): string => `upstreams:
  - name: crm
    wire: mcp
    url: https://crm.example/mcp
    credential:
      ref: env://CRM_CLIENT
      oauth: { token_url: "https://auth.example/token?x=1", client_id: gate, grant: id_jag${oauth} }
`;
    const idp = (more: string): string =>
      `, idp: { token_url: "https://idp.example/token", client_id: gate-at-idp${more} }`;
    const bare = problemsOf(withGrant(""));
    expect(bare).toHaveLength(3);
    expect(bare.join()).toMatch(/add idp.*add issuer.*add resource/);
    const full = `, issuer: "https://auth.example", resource: "https://crm.example/mcp", scope: mcp`;
    const clear = idp("").replace("https:", "http:");
    expect(problemsOf(withGrant(full + clear)).join()).toContain("travel unencrypted");
    expect(problemsOf(withGrant(full + idp(", ref: env://CRM_CLIENT"))).join()).toContain(
      "already belongs to https://auth.example",
    );
    const other = withGrant(full + idp("")).replace("id_jag", "token_exchange");
    expect(problemsOf(other).join()).toContain("grant: id_jag");

    const { upstreams } = configOf(withGrant(full + idp(", ref: env://IDP_CLIENT")));
    expect(upstreams[0]?.credential?.oauth).toMatchObject({
      kind: "id_jag",
      audienceOfClient: "https://auth.example",
      issuer: { origin: "https://auth.example", credential: { ref: "env://CRM_CLIENT" } },
      idp: {
        kind: "token_exchange",
        tokenPath: "/token",
        clientId: "gate-at-idp",
        clientAuth: "basic",
        issuer: { origin: "https://idp.example", credential: { ref: "env://IDP_CLIENT" } },
        scope: "mcp",
        resource: "https://crm.example/mcp",
        audience: "https://auth.example",
      },
    });
    const open = configOf(withGrant(full + idp(""))).upstreams[0]?.credential?.oauth?.idp;
    expect(open).toMatchObject({ clientAuth: "none", issuer: { credential: undefined } });
  });

  it("lets the key of an AWS role sign, for several origins, and never be sent", () => {
    const entry = (name: string, wire: string, region: string): string =>
      `  - { name: ${name}, wire: ${wire}, url: "https://bedrock-runtime.${region}.amazonaws.com", ` +
      'credential: { ref: "aws://web-identity" } }\n';
    const bedrock = `upstreams:\n${entry("a", "bedrock", "us-east-1")}${entry("b", "bedrock", "eu-west-1")}`;
    expect(problemsOf(bedrock)).toEqual([]);
    expect(problemsOf(`upstreams:\n${entry("a", "http", "us-east-1")}`).join()).toContain(
      "the key of a role signs requests and is never sent",
    );
  });

  it.each(["0.0.0.0", "'::'", "10.0.0.5"])(
    "may have health and metrics at %s, where nobody logs in by a browser",
    (host) => {
      expect(problemsOf(`manage: { host: ${host} }\n`)).toEqual([]);
    },
  );

  it("needs to say nothing: everything has a default, and the result is frozen", () => {
    const config = configOf("{}");
    expect(config).toMatchObject({
      listen: { host: "127.0.0.1", port: 4100 },
      manage: { host: "127.0.0.1", port: 4101 },
      dataDirectory: join(directory, ".sallyport"),
      policiesDirectory: join(directory, "policies"),
      workers: 1,
      demo: false,
      upstreams: [],
      log: { level: "info", format: "json" },
    });
    expect(Object.isFrozen(config.limits)).toBe(true);
  });

  it("is mapped to upstreams with what their wire implies", () => {
    const { upstreams } = configOf(`
upstreams:
  - { name: openai, wire: openai, url: https://api.openai.com/v1, credential: { ref: env://K } }
  - { name: claude, wire: anthropic, url: https://api.anthropic.com, credential: { ref: vault://c } }
  - { name: google, wire: gemini, url: https://g.example/v1beta/, credential: { ref: file:///run/k } }
  - { name: crm, url: "https://crm.example:8443/api/", unscannable: pass, timeouts: { idle_ms: 7 } }
`);
    expect(upstreams).toMatchObject([
      {
        name: "openai",
        origin: "https://api.openai.com",
        host: "api.openai.com",
        pathPrefix: "",
        priceProvider: "openai",
        credential: { ref: "env://K", name: "K", header: "authorization", format: "Bearer {}" },
      },
      { priceProvider: "anthropic", credential: { header: "x-api-key", format: "{}" } },
      { pathPrefix: "", priceProvider: "google", credential: { header: "x-goog-api-key" } },
      {
        origin: "https://crm.example:8443",
        host: "crm.example:8443",
        pathPrefix: "/api",
        credential: undefined,
        allowPrivate: false,
        unscannable: "pass",
        timeouts: { connect: 5000, idle: 7 },
      },
    ]);
  });

  it("reports every problem at once, each with its place and what would be right", () => {
    expect(
      problemsOf(`lisen: { port: 1 }
listen: { port: 70000 }
workers: two
agents:
  - { name: Bad Name }
  - { team: x }
log: { level: verbose, format: jsn }
upstreams: { a: 1 }
prices: { overrides: [{ provider: p, model: m, input_usd_per_mtok: 1e-3, output_usd_per_mtok: 2 }] }
`),
    ).toEqual([
      "1:1 unknown key `lisen` → did you mean `listen`?",
      "2:17 listen.port cannot be 70000 → a whole number from 0 to 65535",
      "3:10 workers cannot be `two` → a whole number from 1 to 64",
      expect.stringMatching(/^5:13 agents\[0\]\.name is not well formed/),
      expect.stringMatching(/^6:5 agents\[1\] lacks `name`/),
      expect.stringMatching(/^7:15 log\.level cannot be `verbose` → one of debug, info/),
      "7:32 log.format cannot be `jsn` → did you mean `json`?",
      expect.stringMatching(/^8:12 upstreams cannot be a map → a list/),
      expect.stringMatching(/^9:68 prices\.overrides\[0\]\.input_usd_per_mtok cannot be `1e-3`/),
    ]);
  });

  it("shows a value of the right form, not the pattern that it did not fit", () => {
    expect(
      problemsOf(`agents: [{ name: Bad Name }]
upstreams: [{ name: x, url: "https://x.example", credential: { ref: "valt://x" } }]
`),
    ).toEqual([
      "1:18 agents[0].name is not well formed → such as support-bot",
      "2:69 upstreams[0].credential.ref is not well formed → " +
        "such as vault://openai or env://OPENAI_API_KEY or file:///run/secrets/openai",
    ]);
    expect(problemsOf("upstreams: { x: { url: https://x.example } }")).toEqual([
      "1:12 upstreams cannot be a map → a list, its entries begin with `- name: …`",
    ]);
  });

  it("has examples of its own that it would take", () => {
    const unfit: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== "object" || node === null) return;
      if ("pattern" in node && "examples" in node && Array.isArray(node.examples)) {
        const pattern = new RegExp(String(node.pattern), "u");
        unfit.push(
          ...node.examples.filter((one) => !pattern.test(one)).map((one) => `${path}: ${one}`),
        );
      }
      for (const [key, value] of Object.entries(node)) visit(value, `${path}.${key}`);
    };
    visit(CONFIG_SCHEMA, "");
    expect(unfit).toEqual([]);
  });

  it("says of a number or a truth in quotes that it is a text", () => {
    expect(problemsOf(`listen: { port: '4200' }\ndemo: "true"\n`)).toEqual([
      '1:17 listen.port cannot be the text `"4200"` → a whole number from 0 to 65535',
      '2:7 demo cannot be the text `"true"` → true or false',
    ]);
  });

  it.each([
    ["Latin-1", Buffer.from('data_dir: "caf\xe9"\n', "latin1")],
    ["UTF-16", Buffer.from("\ufeffdata_dir: x\n", "utf16le")],
  ])("in %s is not guessed at", (_name, bytes) => {
    expect(problemsOf(bytes)).toEqual([expect.stringMatching(/^1:1 .*not UTF-8/)]);
  });

  it.each(["\ufeffworkers: 2\n", "workers: 2\r\ndemo: false\r\n"])(
    "is read with a byte order mark, and with the line ends of Windows",
    (text) => expect(configOf(text).workers).toBe(2),
  );

  it("reports what one value cannot know about another", () => {
    const key = "a".repeat(64);
    expect(
      problemsOf(`manage: { port: 4100 }
agents:
  - { name: one, key_sha256: ${key} }
  - { name: two, key_sha256: [${key}] }
  - { name: one }
identity: { loopback_agent: oen }
vault: { key: c2VjcmV0 }
upstreams:
  - { name: mcp, url: "ftp://x" }
  - { name: a, url: https://user:pw@a.example }
  - { name: b, url: "http://b.example", credential: { ref: env://K } }
  - { name: c, url: https://c.example, credential: { ref: env://K, format: nothing } }
  - { name: c, url: "https://c.example/?q" }
  - { name: sse, wire: mcp, url: https://d.example }
  - { name: message, wire: mcp, url: https://e.example }
`),
    ).toEqual([
      expect.stringMatching(/^1:17 manage\.port: the data plane listens there/),
      expect.stringMatching(/^4:30 agents\[1\]\.key_sha256: `one` has the same key/),
      expect.stringMatching(/^5:13 agents\[2\]\.name: `one` is taken → first used in line 3/),
      expect.stringMatching(/^6:29 identity\.loopback_agent: .* → did you mean `one`\?/),
      expect.stringMatching(/^7:15 vault\.key: a secret in a file .* → use vault\.key_file/),
      expect.stringMatching(/^9:13 upstreams\[0\]\.name: `mcp` is a path of the data plane/),
      expect.stringMatching(/^9:23 upstreams\[0\]\.url: not an http or https URL/),
      expect.stringMatching(/^10:21 upstreams\[1\]\.url: a URL cannot carry a credential/),
      expect.stringMatching(/^11:21 upstreams\[2\]\.url: .* unencrypted → https:\/\//),
      expect.stringMatching(/^12:59 .*credential\.ref: env:\/\/K already belongs to http:\/\/b\./),
      expect.stringMatching(/^12:76 upstreams\[3\]\.credential\.format: `\{\}` must stand/),
      expect.stringMatching(/^13:13 upstreams\[4\]\.name: `c` is taken → first used in line 12/),
      expect.stringMatching(/^13:21 upstreams\[4\]\.url: a URL with a query/),
      expect.stringMatching(
        /^14:13 upstreams\[5\]\.name: `\/mcp\/sse` is a path of the data plane/,
      ),
      expect.stringMatching(/^15:13 upstreams\[6\]\.name: `\/mcp\/message` is a path/),
    ]);
  });

  it("reports both what is misspelt and what does not fit together, in one go", () => {
    expect(
      problemsOf(`workers: two
agents: [{ name: bot }]
identity: { loopback_agent: bott }
upstreams:
  - { name: a, url: "ftp://a.example", timeouts: { idle_ms: soon } }
  - { name: a, wire: opneai, url: "https://a.example" }
`),
    ).toEqual([
      "1:10 workers cannot be `two` → a whole number from 1 to 64",
      "3:29 identity.loopback_agent: no agent is called `bott` → did you mean `bot`?",
      expect.stringMatching(/^5:21 upstreams\[0\]\.url: not an http or https URL/),
      expect.stringMatching(/^5:61 upstreams\[0\]\.timeouts\.idle_ms cannot be `soon`/),
      expect.stringMatching(/^6:13 upstreams\[1\]\.name: `a` is taken/),
      "6:22 upstreams[1].wire cannot be `opneai` → did you mean `openai`?",
    ]);
  });

  it("says nothing of what follows from another problem", () => {
    expect(
      problemsOf(`agnets: [{ name: bot }]
identity: { loopback_agent: bot }
listen: { port: x }
manage: { port: 4100 }
upstreams:
  - { url: "https://a.example" }
  - { url: "https://b.example" }
  - { name: c, url: "http://c.example", credential: { ref: env://C }, allow_cleartext: please }
`).map((problem) => problem.split(" ")[0]),
    ).toEqual(["1:1", "3:17", "6:5", "7:5", expect.stringMatching(/^8:/)]);
  });

  it("never shows a secret in a problem", () => {
    expect(problemsOf("vault: { key: 12345678 }").join()).not.toContain("12345678");
  });

  it("reads money from its text", () => {
    const { prices } = configOf(`prices:
  overrides:
    - { provider: p, model: m, input_usd_per_mtok: 0.10, output_usd_per_mtok: 3 }
  unpriced: { input_usd_per_mtok: 15.00, output_usd_per_mtok: 75 }
`);
    expect(prices.overrides[0]).toMatchObject({ input_usd_per_mtok: "0.10" });
    expect(prices.unpriced).toEqual({ input_usd_per_mtok: "15.00", output_usd_per_mtok: "75" });
  });

  it("that cannot be read or parsed is one problem, not an exception", () => {
    const missing = loadConfig({
      file: "none.yaml",
      flags: [],
      environment: {},
      workingDirectory: directory,
    });
    expect(missing).toMatchObject({ kind: "problems", problems: [{ file: "none.yaml" }] });
    expect(problemsOf("listen: [")).not.toEqual([]);
    expect(problemsOf("- a\n- b\n")).toEqual([
      expect.stringMatching(/^1:1 the file cannot be a list/),
    ]);
  });

  it("never makes the loader throw, whatever it holds", () => {
    const value = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(
          fc.oneof(fc.constantFrom(...Object.keys(CONFIG_SCHEMA.properties)), fc.string()),
          tie("tree"),
          { maxKeys: 4 },
        ),
      ),
    })).tree;
    fc.assert(
      fc.property(value, (tree) => {
        load(JSON.stringify(tree));
      }),
      { numRuns: 200 },
    );
  });
});

describe("settings from outside", () => {
  const flag = (path: string, text: string): Setting => ({
    path: path.split("."),
    text,
    source: `--${path}`,
  });

  it("win in the order flags, environment, file, default", () => {
    const file = "listen: { port: 1000 }\nlog: { level: warn }\nworkers: 2\n";
    const config = configOf(
      file,
      { SALLYPORT_LISTEN_PORT: "2000", SALLYPORT_LOG_LEVEL: "error", PATH: "/bin" },
      [flag("listen.port", "3000")],
    );
    expect(config.listen.port).toBe(3000);
    expect(config.log.level).toBe("error");
    expect(config.workers).toBe(2);
    expect(config.manage.port).toBe(4101);
  });

  it("reach every plain value of the file", () => {
    expect([...SETTABLE.keys()]).toContain("limits.drain_ms");
    expect(configOf("{}", { SALLYPORT_DEMO: "true" }).demo).toBe(true);
    expect(configOf("{}", { SALLYPORT_DATA_DIR: "/var/lib/s" }).dataDirectory).toBe("/var/lib/s");
  });

  it("may be read from a file, but not given twice", () => {
    writeFileSync(join(directory, "key"), "c2VjcmV0\n");
    const file = join(directory, "key");
    expect(configOf("{}", { SALLYPORT_LOG_LEVEL_FILE: writeAs("level", "warn\n") }).log.level).toBe(
      "warn",
    );
    expect(configOf("{}", { SALLYPORT_VAULT_KEY_FILE: file }).vault.keyFile).toBe(file);
    expect(configOf("{}", { SALLYPORT_VAULT_KEY: "c2VjcmV0" }).vault.key).toBe("c2VjcmV0");
    expect(
      problemsOf("{}", { SALLYPORT_LOG_LEVEL_FILE: file, SALLYPORT_LOG_LEVEL: "warn" }),
    ).toEqual([expect.stringMatching(/both set/)]);
    expect(problemsOf("{}", { SALLYPORT_LOG_LEVEL_FILE: "/none" })).toEqual([
      expect.stringMatching(/^SALLYPORT_LOG_LEVEL_FILE cannot read/),
    ]);
  });

  it("are checked like the file and refused when unknown", () => {
    expect(
      problemsOf("{}", { SALLYPORT_LISTEN_PORT: "http", SALLYPORT_LOG_LEVLE: "debug" }),
    ).toEqual([
      "SALLYPORT_LOG_LEVLE no such setting → did you mean SALLYPORT_LOG_LEVEL?",
      "SALLYPORT_LISTEN_PORT listen.port cannot be `http` → a whole number from 0 to 65535",
    ]);
  });

  it("are no way to set a list, and say where it stands", () => {
    expect(problemsOf("{}", { SALLYPORT_AGENTS: "bot", SALLYPORT_LISTEN_NAMES: "a" })).toEqual([
      "SALLYPORT_AGENTS no setting of one value → write agents into the file",
      "SALLYPORT_LISTEN_NAMES no setting of one value → write listen.names into the file",
    ]);
  });

  it("are refused also where their name looks like a Kubernetes variable", () => {
    expect(problemsOf("{}", { SALLYPORT_LISEN_PORT: "4200" })).toEqual([
      "SALLYPORT_LISEN_PORT no such setting → did you mean SALLYPORT_LISTEN_PORT?",
    ]);
  });

  it("do not mistake the variables of a Kubernetes service for settings", () => {
    expect(
      problemsOf("{}", {
        SALLYPORT_SERVICE_HOST: "10.0.0.1",
        SALLYPORT_PORT: "tcp://10.0.0.1:4100",
        SALLYPORT_PORT_4100_TCP_ADDR: "10.0.0.1",
        SALLYPORT_WEB_SERVICE_PORT_HTTP: "80",
      }),
    ).toEqual([]);
  });
});

describe("subjects", () => {
  it("are one agent's, with the clearance that it has", () => {
    const bot = "agents:\n  - { name: a, clearance: 4, subjects: [spiffe://x] }\n";
    expect(configOf(bot).agents).toMatchObject([{ clearance: 4, subjects: ["spiffe://x"] }]);
    expect(problemsOf(`${bot}  - { name: b, subjects: [spiffe://x] }\n`).join()).toContain(
      "agents[1].subjects: `a` has the same subject",
    );
  });
});

describe("login providers", () => {
  const provider = (more: string): string =>
    `login:\n  providers:\n    - { name: google, client_id: c${more} }\n`;

  it("are told apart, with google's issuer known and secrets in files beside the config", () => {
    const { login } = configOf(provider(", client_secret_file: s, roles: [a=b=admin]"));
    expect(login.publicUrl).toBe("http://127.0.0.1:4101");
    expect(login.providers).toMatchObject([
      {
        displayName: "Google",
        issuer: "https://accounts.google.com",
        clientSecretFile: join(directory, "s"),
        scopes: ["openid", "email", "profile"],
        roles: new Map([["a=b", "admin"]]),
        defaultRole: "viewer",
      },
    ]);
  });

  it("need an issuer that people's codes can travel to safely", () => {
    expect(problemsOf(provider(", issuer: http://idp.example.com")).join()).toContain(
      "login.providers[0].issuer: not an https URL",
    );
    expect(problemsOf("login: { providers: [{ name: okta, client_id: c }] }").join()).toContain(
      "the issuer is missing",
    );
    const inTheClear = "manage: { host: 10.0.0.5 }\n";
    expect(problemsOf(inTheClear + provider("")).join()).toContain(
      "login.public_url: not an https URL",
    );
    expect(problemsOf("login: { public_url: http://gate.example.com }").join()).toContain(
      "login.public_url: not an https URL",
    );
    expect(problemsOf(`${provider("")}    - { name: google, client_id: d }\n`).join()).toContain(
      "`google` is taken",
    );
    expect(problemsOf(provider(", roles: [a=boss]"))).toHaveLength(1);
  });
});

it("trusted proxies are addresses and networks", () => {
  const { api } = configOf("api: { trusted_proxies: [10.0.0.0/8, '2001:db8::1'] }");
  expect(api.trustedProxies).toEqual(["10.0.0.0/8", "2001:db8::1"]);
  const problems = problemsOf(
    "api: { trusted_proxies: [10.0.0.1, edge.example.com, 10.0.0.0/33] }",
  );
  expect(problems).toHaveLength(2);
  expect(problems.join()).toContain("api.trusted_proxies[1]: neither an address nor a network");
});

describe("without a file", () => {
  const load0 = (environment: Environment) => {
    const reply = loadConfig({
      file: undefined,
      flags: [],
      environment,
      workingDirectory: directory,
    });
    if (reply.kind !== "config") throw new Error(JSON.stringify(reply.problems));
    return reply.config;
  };

  it("the built-in sample runs the demo for one loopback agent", () => {
    expect(load0({})).toMatchObject({
      file: undefined,
      demo: true,
      loopbackAgent: "demo-agent",
      upstreams: [],
      dataDirectory: join(directory, ".sallyport"),
    });
    expect(load0({}).policiesDirectory).toMatch(/policies$/);
  });

  it("providers whose keys are in the environment are there, bound to their origins", () => {
    const { upstreams } = load0({
      OPENAI_API_KEY: "sk-x",
      GOOGLE_API_KEY: "g",
      ANTHROPIC_API_KEY_FILE: "/run/secrets/anthropic",
    });
    expect(upstreams).toMatchObject([
      {
        name: "openai",
        origin: "https://api.openai.com",
        credential: { ref: "env://OPENAI_API_KEY" },
      },
      { name: "anthropic", credential: { ref: "file:///run/secrets/anthropic" } },
      { name: "gemini", credential: { ref: "env://GOOGLE_API_KEY" } },
    ]);
  });
});

describe("config show", () => {
  it("names who set each value and masks secrets", () => {
    const environment = { SALLYPORT_LISTEN_PORT: "4200", SALLYPORT_VAULT_KEY: "c2VjcmV0" };
    const { file, reply } = load("agents:\n  - name: one\nworkers: 2\n", environment);
    if (reply.kind !== "config") throw new Error("unexpected");
    const shown = showConfig(reply.written, reply.origins);
    expect(shown).toContainEqual({
      path: "listen.port",
      value: 4200,
      origin: "SALLYPORT_LISTEN_PORT",
    });
    expect(shown).toContainEqual({ path: "listen.host", value: "127.0.0.1", origin: "default" });
    expect(shown).toContainEqual({ path: "agents[0].name", value: "one", origin: `${file}:2:11` });
    expect(shown).toContainEqual({ path: "workers", value: 2, origin: `${file}:3:10` });
    expect(JSON.stringify(shown)).not.toContain("c2VjcmV0");
  });
});

function writeAs(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}
