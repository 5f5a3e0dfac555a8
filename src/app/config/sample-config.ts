import { fileURLToPath } from "node:url";
import type { Environment } from "./environment.ts";

/** The policies that come with the package; a newcomer can keep them. */
export const SAMPLE_POLICIES = fileURLToPath(new URL("../../../policies", import.meta.url));

interface Provider {
  readonly name: string;
  readonly url: string;
  /** First one set wins. */
  readonly variables: readonly string[];
}

const PROVIDERS: readonly Provider[] = [
  { name: "openai", url: "https://api.openai.com", variables: ["OPENAI_API_KEY"] },
  { name: "anthropic", url: "https://api.anthropic.com", variables: ["ANTHROPIC_API_KEY"] },
  {
    name: "gemini",
    url: "https://generativelanguage.googleapis.com",
    variables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
  },
];

/**
 * What runs when nothing is configured, and what `sallyport init` writes: one agent on loopback,
 * the demo upstreams, and every provider whose key is in the environment.
 */
export function sampleConfig(environment: Environment, policies: string): string {
  return `# Sallyport's configuration. \`sallyport config show\` prints what is in force and why;
# \`sallyport config schema\` prints the JSON Schema with every key, for your editor.

listen: { host: 127.0.0.1, port: 4100 }   # agents talk to this
manage: { host: 127.0.0.1, port: 4101 }   # health, metrics, status
data_dir: .sallyport                      # ledger, vault, budgets

log: { level: info, format: text }        # json for machines

demo: true            # two local upstreams to try things with: demo (LLM) and tools (MCP)

agents:
  - name: demo-agent
    # key_sha256: …   # sha256 of the agent's key, in hex: printf %s "$KEY" | sha256sum

identity:
  loopback_agent: demo-agent              # calls from this machine need no key

policies: { dir: ${JSON.stringify(policies)} }

upstreams:${PROVIDERS.map((provider) => upstreamOf(provider, environment)).join("")}
`;
}

function upstreamOf({ name, url, variables }: Provider, environment: Environment): string {
  const ref = credentialOf(variables, environment);
  const lines = [
    `- name: ${name}`,
    `  wire: ${name}`,
    `  url: ${url}`,
    `  credential: { ref: ${JSON.stringify(ref ?? `env://${variables[0] ?? ""}`)} }`,
  ];
  // Without a key the upstream is shown, ready to be switched on.
  const mark = ref === undefined ? "# " : "";
  return lines.map((line) => `\n  ${mark}${line}`).join("");
}

function credentialOf(variables: readonly string[], environment: Environment): string | undefined {
  for (const variable of variables) {
    if (environment[variable]) return `env://${variable}`;
    const file = environment[`${variable}_FILE`];
    if (file?.startsWith("/")) return `file://${file}`;
  }
  return undefined;
}
