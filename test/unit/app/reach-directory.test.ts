import { once } from "node:events";
import { connect, createServer } from "node:net";
import pg from "pg";
import { millis } from "../../../src/core/units.ts";
import { describe, expect, it } from "vitest";
import { openDirectoryStore } from "../../../src/app/ports/open-directory-store.ts";
import { reachDirectory } from "../../../src/app/ports/reach-directory.ts";
import { StoreFault } from "../../../src/app/ports/store-fault.ts";
import { freePort } from "../../support/free-port.ts";
import { startPostgres } from "../../support/postgres-server.ts";

const LONG = millis(600_000);
const silent = { directoryAwaited: () => undefined };

/** Why it could not be reached. */
async function faultOf(reaching: Promise<unknown>): Promise<StoreFault> {
  const caught: unknown = await reaching.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(caught instanceof StoreFault)) throw new Error("it did not fail as it should");
  return caught;
}

describe("a start whose directory's server is away", () => {
  it("says so once, and goes on when the server is there", async () => {
    await using postgres = await startPostgres();
    const { hostname, port } = new URL(postgres.url);
    const later = new URL(postgres.url);
    later.port = String(await freePort());
    const relay = createServer((socket) => {
      const server = connect(Number(port), hostname);
      socket.pipe(server).pipe(socket);
      for (const end of [socket, server]) end.on("error", () => undefined);
    });
    const told: string[] = [];
    await reachDirectory(later.href, LONG, {
      directoryAwaited(cause) {
        told.push(cause);
        relay.listen(Number(later.port), later.hostname);
      },
    });
    expect(told).toEqual([expect.stringContaining("ECONNREFUSED")]);
    relay.close();
    await once(relay, "close");
  }, 60_000);

  it("gives up in the end, and says where it looked without the password", async () => {
    const port = await freePort();
    const nowhere = `postgres://ann:hush@127.0.0.1:${port}/x`;
    const fault = await faultOf(reachDirectory(nowhere, 0, silent));
    expect(fault.message).toContain(`PostgreSQL at 127.0.0.1:${port} cannot be used`);
    expect(fault.remedy).toContain("directory.url");
    expect(JSON.stringify([fault.message, fault.remedy])).not.toContain("hush");
  });

  it("does not wait where waiting does not help", async () => {
    await using postgres = await startPostgres();
    const elsewhere = new URL(postgres.url);
    elsewhere.pathname = "/no-such-database";
    const fault = await faultOf(reachDirectory(elsewhere.href, LONG, silent));
    expect(fault.message).toContain("no-such-database");
  }, 60_000);
});

it("a start is refused by a directory that a newer program has migrated, which stays as it is", async () => {
  await using postgres = await startPostgres();
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await reachDirectory(postgres.url, LONG, silent);
  await client.query("CREATE TABLE directory_version (value INTEGER NOT NULL)");
  await client.query("INSERT INTO directory_version VALUES (99)");
  const fault = await faultOf(reachDirectory(postgres.url, LONG, silent));
  expect(fault.message).toContain("was written by a newer Sallyport: update this one");
  expect((await client.query("SELECT value FROM directory_version")).rows).toEqual([{ value: 99 }]);
  await client.end();
}, 60_000);

it("a command whose directory is away fails in the same words", async () => {
  const directoryUrl = `postgres://ann@127.0.0.1:${await freePort()}/x`;
  const opening = openDirectoryStore({ dataDirectory: "unused", directoryUrl }, undefined);
  expect((await faultOf(opening)).message).toContain("the directory's PostgreSQL at 127.0.0.1");
});
