/** `body` is the review as JSON: it is read whole or not at all. */
export const REVIEW_MIGRATIONS: readonly string[] = [
  `CREATE TABLE review (
     id TEXT PRIMARY KEY,
     fingerprint TEXT NOT NULL,
     agent TEXT NOT NULL,
     status TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE UNIQUE INDEX review_pending ON review (fingerprint) WHERE status = 'pending';
   CREATE INDEX review_waiting ON review (agent) WHERE status = 'pending';
   CREATE INDEX review_expired ON review (expires_at);`,
  `ALTER TABLE review ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
   CREATE INDEX review_answered ON review (fingerprint) WHERE status IN ('approved', 'denied');
   CREATE INDEX review_listed ON review (tenant, status, id);`,
  `ALTER TABLE review ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
   ALTER TABLE review ADD COLUMN attend_at INTEGER;
   ALTER TABLE review ADD COLUMN override INTEGER NOT NULL DEFAULT 0;
   UPDATE review SET body = json_set(json_remove(body, '$.answer'), '$.revision', 1,
     '$.origin', json('{"kind":"call"}'), '$.priority', 'medium', '$.dueAt', expires_at,
     '$.assignedTo', json('[]'), '$.words', json('[]'));
   DROP INDEX review_pending; DROP INDEX review_waiting; DROP INDEX review_answered;
   CREATE UNIQUE INDEX review_one_waits ON review (fingerprint)
     WHERE status IN ('pending', 'acknowledged', 'deferred');
   CREATE INDEX review_waits ON review (agent, expires_at)
     WHERE status IN ('pending', 'acknowledged', 'deferred');
   CREATE INDEX review_same ON review (fingerprint, expires_at);
   CREATE INDEX review_unattended ON review (attend_at) WHERE attend_at IS NOT NULL;`,
];
