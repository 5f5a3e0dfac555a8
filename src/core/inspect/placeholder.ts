/** What stands for a finding that is taken out: `[email]`, `[card]`, `[secret]`. */
export function placeholder(detector: string): string {
  return `[${detector.slice(detector.indexOf(".") + 1)}]`;
}
