/** What agents read and write on ordinary days: what inspection costs is measured on it. */

export const PROSE = `The harbour was quiet that morning. A few boats had come in before dawn and their crews
were already asleep, while the market on the quay opened one stall after another. Prices for fish
had been low all week, so most sellers tried to find a buyer from the city, who would pay in advance
and come again. "You should have been here in May," one of them said. Nobody answered. `;

export const README = `## Installation

Run \`npm install fast-queue\` and add it to your project. See the
[documentation](https://fast-queue.example.org/docs/start) for all options.

- **Small**: no dependencies, 4 KB after compression.
- **Safe**: a job is given to one worker only, and returned if that worker stops responding.

\`\`\`sh
git clone https://github.com/example/fast-queue.git && cd fast-queue
npm test -- --reporter=dot   # 312 tests, about 20 seconds
\`\`\`

| option | default | meaning |
|---|---|---|
| \`retries\` | 3 | how often a failed job is tried again |
| \`timeout_ms\` | 30000 | time after which a job counts as failed |
`;

export const CODE = `export async function readConfig(path: string): Promise<Config> {
  const text = await readFile(path, "utf8");
  const { host = "127.0.0.1", port = 8080, retries = 3 } = JSON.parse(text) as Partial<Config>;
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new RangeError(\`port must be between 1 and 65535, not \${port}\`);
  }
  // Later callers rely on the order of these keys.
  return { host, port, retries, startedAt: new Date(), listeners: new Map() };
}

for (const [key, value] of Object.entries(process.env)) {
  if (key.startsWith("APP_") && value !== undefined) settings.set(key.slice(4), value.trim());
}
`;

export const ORDINARY = PROSE + README + CODE;
