import type { Problem } from "../problem.ts";

const EXCERPT_CHARS_MAX = 160;

/**
 * As a compiler prints it: `file:line:column: message`, the line itself, a caret below it, and what
 * would be right. `text` is the file's content; without it there is no excerpt.
 */
export function formatProblem(problem: Problem, text?: string): string {
  const { file, line, column, message, suggestion } = problem;
  const lines = [`${file}:${line}:${column}: ${message}`, ...excerpt(text, line, column)];
  if (suggestion !== undefined) lines.push(`  help: ${suggestion}`);
  return lines.join("\n");
}

function excerpt(text: string | undefined, line: number, column: number): readonly string[] {
  const source = text?.split("\n", line)[line - 1]?.replace(/\r$/, "");
  if (source === undefined) return [];
  const from = Math.max(0, Math.min(column - 1, source.length) - EXCERPT_CHARS_MAX / 2);
  const shown = source.slice(from, from + EXCERPT_CHARS_MAX).replaceAll("\t", " ");
  const gutter = `  ${line} | `;
  const caret = `${" ".repeat(gutter.length - 2)}| ${" ".repeat(column - 1 - from)}^`;
  return [gutter + shown, caret];
}
