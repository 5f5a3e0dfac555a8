/** The only importer of pino. */
import { wallMillis } from "../../lib/clock.ts";
import { pino, destination, type DestinationStream, type Logger } from "pino";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { printable } from "../../lib/printable.ts";
import type { ConfigFile } from "../config/config-schema.ts";

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

/** What may wait for a reader that stalls; further lines are lost, and counted. */
const WAITING_CHARS_MAX = 4 * 1024 * 1024;

/** Lines go to stderr, asynchronously: stdout belongs to commands. */
export function createLogger({ level, format }: ConfigFile["log"]): LogHandle {
  const stream = destination({ fd: 2, sync: false, maxLength: WAITING_CHARS_MAX });
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date(wallMillis()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED, censor: "[redacted]" },
  };
  const log = pino(options, format === "json" ? stream : asText(stream));
  let lost = 0;
  stream.on("drop", () => (lost += 1));
  stream.on("drain", () => {
    if (lost === 0) return;
    const lines = lost;
    lost = 0;
    log.warn({ lines }, "lines of the log were lost: nobody read them");
  });
  return {
    log,
    flush() {
      try {
        stream.flushSync();
      } catch {
        // Nothing was ever written, or stderr is gone: there is nobody left to tell.
      }
    },
  };
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
