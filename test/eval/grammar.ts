/** Texts from patterns: `{NAME}` stands for one of the alternatives of that name; `|` divides them. */
export type Expand = (pattern: string, random: () => number) => string;

export function createGrammar(slots: Readonly<Record<string, string>>): Expand {
  const alternatives = new Map(
    Object.entries(slots).map(([name, text]) => [name, text.split(/\s*\|\s*/)]),
  );
  const expand: Expand = (pattern, random) => {
    const filled = pattern.replaceAll(/\{([A-Z]+)\}/g, (_, name: string) =>
      expand(pick(alternatives.get(name) ?? [], random), random),
    );
    return filled.replaceAll(/ +/g, " ").trim();
  };
  return expand;
}

export function pick(from: readonly string[], random: () => number): string {
  return from[Math.floor(random() * from.length)] ?? "";
}
