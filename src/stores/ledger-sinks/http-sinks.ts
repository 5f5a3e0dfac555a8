/** Records posted to a URL: as a batch of our own, of CloudEvents or of OCSF, or as OTLP logs. */
import { readFile } from "node:fs/promises";
import { placeText } from "../../core/ledger/ledger-index.ts";
import { shipped, type ShipFormat, type ShippedRecord } from "../../core/ledger/shipped-record.ts";
import type { Sink } from "./sink-plan.ts";

const TIMEOUT_MS = 10_000;

interface Endpoint {
  readonly url: string;
  /** Holds what is sent as `Authorization: Bearer`; read anew each time. */
  readonly tokenFile: string | undefined;
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md (§4) */
const CLOUDEVENTS_BATCH = "application/cloudevents-batch+json";
const JSON_TYPE = "application/json";

export function webhookSink(endpoint: Endpoint, format: ShipFormat): Sink {
  const type = format === "cloudevents" ? CLOUDEVENTS_BATCH : JSON_TYPE;
  return httpSink((records) => {
    const body = records.map((record) => shipped(record, format));
    return post(endpoint, JSON.stringify(body), { "content-type": type, ...keyOf(records) });
  });
}

/** @see https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export function otlpSink({ url, tokenFile }: Endpoint, format: ShipFormat): Sink {
  const endpoint = { url: `${url.replace(/\/$/u, "")}/v1/logs`, tokenFile };
  return httpSink((records) => {
    const logRecords = records.map((record) => logRecord(record, format));
    const resource = { attributes: [attribute("service.name", "sallyport")] };
    const scopeLogs = [{ scope: { name: "sallyport.ledger" }, logRecords }];
    const body = JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] });
    return post(endpoint, body, { "content-type": JSON_TYPE });
  });
}

function httpSink(deliver: Sink["deliver"]): Sink {
  return { deliver, [Symbol.asyncDispose]: async () => undefined };
}

const INFO = 9;
const WARN = 13;

function logRecord(record: ShippedRecord, format: ShipFormat): object {
  const { entry, facts, hash, text } = record;
  const { agent, code, effect, outcome, subject, tenant, upstream, user } = facts;
  const said = { agent, code, effect, outcome, subject, tenant, upstream, user };
  const isRefused = outcome === "refused" || outcome === "cut";
  return {
    timeUnixNano: `${entry.at}000000`,
    severityNumber: isRefused ? WARN : INFO,
    severityText: isRefused ? "WARN" : "INFO",
    eventName: `sallyport.ledger.${entry.kind}`,
    body: { stringValue: format === "native" ? text : JSON.stringify(shipped(record, format)) },
    attributes: [
      attribute("log.record.uid", placeText(entry)),
      attribute("sallyport.hash", hash),
      ...Object.entries(said).flatMap(([name, value]) =>
        value === undefined ? [] : [attribute(`sallyport.${name}`, value)],
      ),
    ],
  };
}

function attribute(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}

/** The same batch has the same key; a receiver that keeps it need not look at the records. */
function keyOf(records: readonly ShippedRecord[]): Record<string, string> {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return {};
  return { "idempotency-key": `${placeText(first.entry)}-${last.entry.seq}` };
}

async function post(
  { url, tokenFile }: Endpoint,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const token = tokenFile === undefined ? undefined : await readFile(tokenFile, "utf8");
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token.trim()}` }),
    },
    body,
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
}
