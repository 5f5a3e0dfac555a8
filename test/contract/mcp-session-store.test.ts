import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instant } from "../../src/core/units.ts";
import { SqliteMcpSessions } from "../../src/stores/sqlite/mcp-session-store.ts";

const DAY_MS = 86_400_000;
const ASKABLE = '{"elicitation":{}}';

let directory: string;
let time = 1_800_000_000_000;
const now = () => instant(time);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-sessions-"));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe("what a session's client can be asked", () => {
  it("is known to every process, until the session is forgotten", () => {
    const path = join(directory, "shared.db");
    using one = new SqliteMcpSessions(path, now);
    using other = new SqliteMcpSessions(path, now);
    one.introduce("tools/s", ASKABLE);
    expect(other.capabilitiesOf("tools/s")).toBe(ASKABLE);
    expect(other.capabilitiesOf("tools/t")).toBeUndefined();
    one.introduce("tools/s", "{}");
    expect(other.capabilitiesOf("tools/s")).toBe("{}");
    other.forget("tools/s");
    expect(one.capabilitiesOf("tools/s")).toBeUndefined();
  });

  it("is forgotten after a month, with the next start", () => {
    const path = join(directory, "old.db");
    {
      using store = new SqliteMcpSessions(path, now);
      store.introduce("tools/old", ASKABLE);
      time += 31 * DAY_MS;
      store.introduce("tools/new", ASKABLE);
    }
    using store = new SqliteMcpSessions(path, now);
    expect(store.capabilitiesOf("tools/old")).toBeUndefined();
    expect(store.capabilitiesOf("tools/new")).toBe(ASKABLE);
  });

  it("is nothing where the disk does not say", () => {
    const path = join(directory, "broken.db");
    using store = new SqliteMcpSessions(path, now);
    using database = new DatabaseSync(path);
    database.exec("DROP TABLE session_client");
    store.introduce("tools/s", ASKABLE);
    expect(store.capabilitiesOf("tools/s")).toBeUndefined();
  });
});

it("a file of the first version is read on, with the owners in it", () => {
  const path = join(directory, "first.db");
  {
    using database = new DatabaseSync(path);
    database.exec(
      `CREATE TABLE session_owner (session TEXT PRIMARY KEY, owner TEXT NOT NULL,
         claimed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
       PRAGMA user_version=1;`,
    );
    const insert = database.prepare("INSERT INTO session_owner VALUES (?, ?, ?)");
    insert.run("tools/s", "ada", now());
  }
  using store = new SqliteMcpSessions(path, now);
  expect(store.claim("tools/s", "bob")).toBe("ada");
  store.introduce("tools/s", ASKABLE);
  expect(store.capabilitiesOf("tools/s")).toBe(ASKABLE);
});
