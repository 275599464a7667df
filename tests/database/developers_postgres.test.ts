// A PostgreSQL of the developer's instead of the embedded one: DATABASE_URL.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startDatabase } from "../../scripts/local/database.ts";
import { StartError } from "../../scripts/local/part.ts";
import { startPostgres } from "./postgres_server.ts";
import { databaseOptions, PUBLISHABLE_KEY, SECRET_KEY, startRestTarget } from "./rest_target.ts";
import { append, begin, finish, messagesOf, newUser, refusal, say } from "./turns.ts";

const root = process.cwd();

test("an empty PostgreSQL gets roles, schemas and migrations, and serves turns", async (context) => {
  const postgres = await startPostgres(root, { roles: false, migrated: false });
  context.after(() => postgres.stop());
  const target = await startRestTarget(root, postgres.ownerUrl);
  context.after(() => target.stop());
  const user = newUser();
  const first = await say(target, user, "Who?", "Ein Füchslein. 🦊");
  const { session_id } = first;
  const turn = await begin(target, user, { session_id });
  assert.equal(turn["history"][1].content, "Ein Füchslein. 🦊");
  await append(target, turn, 0, "And ");
  await assert.rejects(begin(target, user, { session_id }), refusal(409, "turn_in_progress"));
  await finish(target, turn, { from_offset: 4, text: "more." });
  assert.deepEqual(
    (await messagesOf(target, turn)).map((message) => message["metadata"]["status"] ?? null),
    [null, "complete", null, "complete"],
  );
  const anonymous = await fetch(`${target.url}/rest/v1/messages`, {
    headers: { apikey: PUBLISHABLE_KEY },
  });
  assert.equal(anonymous.status, 401);

  const again = await startRestTarget(root, postgres.ownerUrl);
  context.after(() => again.stop());
  assert.equal((await messagesOf(again, turn)).length, 4, "a second start finds what is there");
});

test("while PostgreSQL is away, callers get status 500 with the code that Lite has for it", async (context) => {
  const postgres = await startPostgres(root, { roles: false, migrated: false });
  const target = await startRestTarget(root, postgres.ownerUrl);
  context.after(() => target.stop());
  const ask = () => fetch(`${target.url}/rest/v1/messages`, { headers: { apikey: SECRET_KEY } });
  assert.equal((await ask()).status, 200);
  await postgres.stop();
  const response = await ask();
  assert.equal(response.status, 500);
  const answer = (await response.json()) as { code: string; message: string };
  assert.equal(answer.code, "SUP");
  assert.match(answer.message, /ECONNREFUSED/);
});

test("a PostgreSQL that is not there, or whose user may not, is named in one line", async (context) => {
  const dataDir = await mkdtemp(join(tmpdir(), "fabula-start-"));
  context.after(() => rm(dataDir, { recursive: true, force: true }));
  const refuses = (databaseUrl: string, pattern: RegExp) =>
    assert.rejects(
      startDatabase({ ...databaseOptions(root, dataDir), databaseUrl }),
      (error: Error) => {
        assert.ok(error instanceof StartError, String(error));
        assert.match(error.message, pattern);
        return true;
      },
    );
  await refuses(
    "postgres://nobody@127.0.0.1:1/none",
    /^No connection to 127\.0\.0\.1:1 \(DATABASE_URL\): .*ECONNREFUSED/,
  );
  const postgres = await startPostgres(root, { migrated: false });
  context.after(() => postgres.stop());
  await refuses(postgres.authenticatorUrl, /^DATABASE_URL must name a superuser/);
});
