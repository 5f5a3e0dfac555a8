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

/** Of a web search: a title, a link and a passage each. No two links or hosts are the same. */
export function searchResult(links: number, page: number): string {
  const words = PROSE.replaceAll(/[^a-z ]/g, "")
    .split(" ")
    .filter(({ length }) => length > 3);
  const word = (at: number): string => words[at % words.length] ?? "";
  return Array.from({ length: links }, (_, i) => {
    const n = page * links + i;
    const host = `www.${word(n)}-${word(3 * n + 1)}${n % 7 === 0 ? n : ""}.${n % 3 === 0 ? "org" : "com"}`;
    const path = `${word(n + 2)}/${word(n + 5)}-${word(n + 9)}-${n}`;
    return `## [The ${word(n + 4)} of ${n}](https://${host}/${path}?ref=${n % 90})\n${PROSE.slice(0, 160)}\n`;
  }).join("\n");
}
