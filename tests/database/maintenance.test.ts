// The development server's clock: guests who have expired go, on the embedded database.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startMaintenance } from "../../scripts/local/maintenance.ts";
import { SECRET_KEY, startRestTarget, type RestTarget } from "./rest_target.ts";
import { newTokenHash, newUser, say } from "./turns.ts";

let target: RestTarget;
before(async () => {
  target = await startRestTarget(process.cwd());
});
after(() => target.stop());

async function guestWhoExpires(expires_at: string): Promise<string> {
  const guest = { kind: "new_guest", token_hash: newTokenHash() };
  const id = (await say(target, guest, "Hello.", "Hello."))["user_id"] as string;
  await target.update("principals", { id }, { expires_at });
  return id;
}

const isThere = async (id: string) => (await target.select("principals", { id })).length === 1;

test("guests who have expired are deleted at once and again later, nobody else ever", async () => {
  const past = "2020-01-01T00:00:00Z";
  const user = newUser();
  await say(target, user, "Hello.", "Hello.");
  const stays = await guestWhoExpires("2999-01-01T00:00:00Z");
  const goes = await guestWhoExpires(past);
  const faults: string[] = [];
  const end = startMaintenance({
    databaseUrl: () => target.url,
    secretKey: SECRET_KEY,
    log: (line) => faults.push(line),
    everyMs: 300,
  });
  while (await isThere(goes)) await sleep(50);
  const later = await guestWhoExpires(past);
  while (await isThere(later)) await sleep(50);
  end();
  assert.deepEqual([await isThere(stays), await isThere(user["subject"])], [true, true]);
  assert.deepEqual(faults, []);
});

test("a database that is away is told, and is no end", async () => {
  const faults: string[] = [];
  const end = startMaintenance({
    databaseUrl: () => "http://127.0.0.1:1",
    secretKey: SECRET_KEY,
    log: (line) => faults.push(line),
    everyMs: 20,
  });
  while (faults.length < 3) await sleep(10);
  end();
  assert.match(faults[0]!, /^what is due could not be deleted: /);
});
