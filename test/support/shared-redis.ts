import { afterAll } from "vitest";
import { startRedis, type RedisServer } from "./redis-server.ts";

let started: Promise<RedisServer> | undefined;

// The runner ends its processes without a word, so the server is stopped here.
afterAll(async () => (await started)?.[Symbol.asyncDispose]());

/**
 * A server that the tests of one file share, each with names of its own: `TEST_REDIS_URL`, else one
 * that is started here and ends with the file.
 */
export async function sharedRedis(): Promise<string> {
  const given = process.env["TEST_REDIS_URL"];
  if (given !== undefined && given !== "") return given;
  started ??= startRedis();
  return (await started).url;
}
