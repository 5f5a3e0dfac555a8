import { readFileSync } from "node:fs";
import { shipped, type ShipFormat } from "../../core/ledger/shipped-record.ts";
import { RedisStream } from "../redis/redis-stream.ts";
import type { Sink, SinkAddress } from "./sink-plan.ts";

type RedisTarget = Extract<SinkAddress, { kind: "redis" }>;

/** A Redis Stream. An entry that comes twice has the same writer and sequence. */
export function redisSink(
  { address, tokenFile, stream: name }: RedisTarget,
  format: ShipFormat,
): Sink {
  const password =
    tokenFile === undefined ? address.password : readFileSync(tokenFile, "utf8").trim();
  const stream = new RedisStream({ ...address, password }, name);
  return {
    deliver: (records) =>
      stream.append(
        records.map((record) => ({
          writer: record.entry.writer,
          seq: String(record.entry.seq),
          kind: record.entry.kind,
          body: JSON.stringify(shipped(record, format)),
        })),
      ),
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  };
}
