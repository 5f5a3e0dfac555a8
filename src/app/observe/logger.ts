/** The only importer of pino. */
import { wallMillis } from "../../lib/clock.ts";
import { pino, type DestinationStream, type Logger } from "pino";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { printable } from "../../lib/printable.ts";
import type { ConfigFile } from "../config/config-schema.ts";
import { openLogOutput } from "./log-output.ts";

export type Log = Logger;

/** What must never be printed, should a line ever carry it. Lines are built from named facts. */
const REDACTED = [
  "authorization",
  "credential",
  "key",
  "password",
  "secret",
  "token",
  "value",
  "headers",
  "body",
].flatMap((key) => [key, `*.${key}`]);

export interface LogHandle {
  readonly log: Log;
  /** Writes what is buffered; called once, last. */
  flush(): void;
}

export function createLogger({ level, format }: ConfigFile["log"]): LogHandle {
  let lost = 0;
  const output = openLogOutput({
    lost: () => (lost += 1),
    drained() {
      if (lost === 0) return;
      const lines = lost;
      lost = 0;
      log.warn({ lines }, "lines of the log were lost: nobody took them");
    },
  });
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date(wallMillis()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED, censor: "[redacted]" },
  };
  const log = pino(options, format === "json" ? output : asText(output));
  return { log, flush: () => output.flush() };
}

/** `12:00:01.123 warn  message  key=value …` for people who watch a terminal. */
function asText(stream: DestinationStream): DestinationStream {
  return {
    write(line) {
      const parsed: unknown = JSON.parse(line);
      if (!isJsonObject(parsed)) return;
      const { level, time, msg, ...rest } = parsed;
      const facts = Object.entries(rest).map(([key, value]) => `${key}=${plain(value)}`);
      const clock = textOf(time).slice(11, 23);
      stream.write(`${clock} ${textOf(level).padEnd(5)} ${textOf(msg)}  ${facts.join(" ")}\n`);
    },
  };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Names come from agents: nothing in them may be a command to the terminal. */
function plain(value: JsonValue): string {
  if (typeof value === "string" && /^[!#-~]*$/.test(value)) return value;
  return printable(JSON.stringify(value));
}
