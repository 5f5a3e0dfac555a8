/** A configuration with everything on: 200 rules, a budget, a vaulted key, inspection, the ledger. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface HomeOptions {
  readonly upstreamPort: number;
  readonly port: number;
  readonly managePort: number;
}

export interface SallyportHome {
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

const RULES = 200;

export async function writeSallyportHome(options: HomeOptions): Promise<SallyportHome> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  const policies = join(directory, "policies");
  mkdirSync(policies);
  writeFileSync(join(policies, "bench.yaml"), policyText());
  const config = join(directory, "sallyport.yaml");
  writeFileSync(config, configText(directory, options));
  const origin = `http://127.0.0.1:${options.upstreamPort}`;
  execFileSync(
    process.execPath,
    [
      "src/sallyport.js",
      "vault",
      "set",
      "bench-key",
      "--origin",
      origin,
      "--header",
      "authorization",
      "--format",
      "Bearer {}",
      "--config",
      config,
    ],
    { input: "sk-bench-0123456789abcdefghijklmnopqrstuv", stdio: ["pipe", "ignore", "inherit"] },
  );
  return { config, env: {}, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

function configText(directory: string, { upstreamPort, port, managePort }: HomeOptions): string {
  return `
listen: { host: 127.0.0.1, port: ${port} }
manage: { host: 127.0.0.1, port: ${managePort} }
data_dir: ${join(directory, "data")}
identity: { loopback_agent: bench }
agents:
  - { name: bench }
policies: { dir: ${join(directory, "policies")} }
prices:
  overrides:
    - { provider: bench, model: bench-model, input_usd_per_mtok: 0.5, output_usd_per_mtok: 1.5 }
upstreams:
  - name: bench
    wire: openai
    url: http://127.0.0.1:${upstreamPort}
    price_provider: bench
    allow_private: true
    connections_max: 1200
    credential: { ref: "vault://bench-key", header: authorization, format: "Bearer {}" }
log: { level: warn }
`;
}

function policyText(): string {
  const others = Array.from(
    { length: RULES - 1 },
    (_, n) => `  - { id: tool-${n}, tools: [crm${n}.read_*], effect: allow }`,
  );
  return `
version: 1
agents: [bench]
budgets:
  day: { limit: 9000000 USD, per: agent, window: day }
rules:
  - { id: models, llm: { models: [bench-*] }, effect: allow, charge: day }
${others.join("\n")}
inspect:
  - { id: injection, on: [response, tool_result], find: [injection], at: high, do: block }
  - { id: keys-out, on: [request], find: [secret], do: block }
`;
}
