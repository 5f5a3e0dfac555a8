/** Records as a file for people and their tools: one row each, with nothing that could run. */
import { canonicalJson } from "../../lib/canonical-json.ts";
import { impossible } from "../../lib/impossible.ts";
import { usdText } from "../money/usd-text.ts";
import type { Asked, Entry, OutcomeEntry, RecordedAction } from "./entry.ts";

export const EXPORT_FORMATS = ["jsonl", "csv", "md", "html"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** One record to be exported. */
export interface ExportedRecord {
  readonly entry: Entry;
  /** Of an outcome: what its intent said. */
  readonly asked: Asked | undefined;
  readonly hash: string;
  /** As written. */
  readonly record: unknown;
}

/** How a format begins, says each record, and ends. */
export interface ExportWriter {
  readonly opening: string;
  readonly row: (record: ExportedRecord) => string;
  readonly closing: string;
}

const COLUMNS = [
  "at",
  "kind",
  "exchange",
  "agent",
  "upstream",
  "action",
  "decision",
  "rules",
  "outcome",
  "cost_usd",
  "writer",
  "seq",
  "hash",
] as const;

export function exportWriter(format: ExportFormat): ExportWriter {
  switch (format) {
    case "jsonl":
      return {
        opening: "",
        row: ({ hash, record }) => `${canonicalJson({ hash, record })}\n`,
        closing: "",
      };
    case "csv":
      return {
        opening: `${COLUMNS.join(",")}\r\n`,
        row: (record) => `${cells(record).map(csvCell).join(",")}\r\n`,
        closing: "",
      };
    case "md":
      return {
        opening: `| ${COLUMNS.join(" | ")} |\n|${" --- |".repeat(COLUMNS.length)}\n`,
        row: (record) => `| ${cells(record).map(markdownCell).join(" | ")} |\n`,
        closing: "",
      };
    case "html":
      return {
        opening: `${HTML_HEAD}<tr>${COLUMNS.map((name) => `<th>${name}</th>`).join("")}</tr>\n`,
        row: (record) =>
          `<tr>${cells(record)
            .map((cell) => `<td>${htmlText(cell)}</td>`)
            .join("")}</tr>\n`,
        closing: "</table></body></html>\n",
      };
    default:
      return impossible(format);
  }
}

/** No script, no link, no style from elsewhere: safe to open from a mail. */
const HTML_HEAD = `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Sallyport ledger</title>
<style>table{border-collapse:collapse;font:13px monospace}td,th{border:1px solid #ccc;padding:2px 6px;text-align:left}</style>
</head><body><table>
`;

function cells({ entry, hash, asked }: ExportedRecord): string[] {
  return [
    new Date(entry.at).toISOString(),
    entry.kind,
    "exchange" in entry ? entry.exchange : "",
    asked?.principal?.agent ?? "",
    asked?.upstream ?? "",
    saidOf(entry, asked),
    asked?.decision?.kind ?? "",
    asked?.decision?.because.join(" ") ?? "",
    entry.kind === "outcome" ? outcomeText(entry) : "",
    entry.kind === "outcome" && entry.cost !== undefined ? usdText(entry.cost.cost) : "",
    entry.writer,
    String(entry.seq),
    hash,
  ];
}

function saidOf(entry: Entry, asked: Asked | undefined): string {
  if (entry.kind === "change") return `${entry.change} ${entry.about} by ${entry.by}`;
  if (entry.kind === "event") return `${entry.event.action} by ${entry.event.by}`;
  return asked?.action === undefined ? "" : actionText(asked.action);
}

function actionText(action: RecordedAction): string {
  switch (action.kind) {
    case "llm":
      return `${action.operation} ${action.model}`;
    case "tool":
      return `tool ${[action.tool, ...action.via].join(" through ")}`;
    case "http":
      return `${action.method} ${action.host}${action.path}`;
    case "mcp":
      return action.name === undefined ? action.method : `${action.method} ${action.name}`;
    default:
      return impossible(action);
  }
}

function outcomeText({ outcome }: OutcomeEntry): string {
  switch (outcome.kind) {
    case "refused":
    case "cut":
      return `${outcome.kind} ${outcome.code}`;
    case "completed":
      return `completed ${outcome.status}`;
    case "abandoned":
      return `abandoned by ${outcome.by}`;
    case "failed":
    case "unknown":
      return outcome.kind;
    default:
      return impossible(outcome);
  }
}

/** RFC 4180; what a spreadsheet would take for a formula is made a text. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function markdownCell(text: string): string {
  return htmlText(text)
    .replaceAll(/[\\`*_[\]|]/gu, (sign) => `\\${sign}`)
    .replaceAll(/\s/gu, " ");
}

function htmlText(text: string): string {
  return text.replaceAll(/[&<>"']/gu, (sign) => ENTITIES[sign] ?? sign);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
