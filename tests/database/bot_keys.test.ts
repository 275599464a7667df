// Bots' own keys in the database, on a real PostgreSQL: their rotation, and what a public bot's strangers may ask.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { split, times } from "./at_once.ts";
import { KEY, newBot, relay } from "./bots.ts";
import { ask } from "./lists.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Refusal, Row } from "./target.ts";
import { begin, newTokenHash, newUser, refusal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());
beforeEach(() => target.asOwner("truncate public.admission_counters"));

const NEWEST = "ffeeddccbbaa9988";
const stored = async (bot_id: unknown): Promise<Row> =>
  (await target.asOwner("select access_key, encryption_key_id from private.bot_keys where bot_id = $1", [bot_id]))[0]!;
const outdated = (more: Row = {}): Promise<Row> =>
  target.call("read_outdated_bot_keys", { key_id: NEWEST, after_bot_id: 0, max_keys: 100, ...more });
const renewed = ({ bot_id, version }: Row, mark: string): Row =>
  ({ bot_id, version, encrypted_key: { key_id: NEWEST, ciphertext: mark.repeat(50) } });

test("keys of earlier encryption keys, and plain ones, are replaced batch by batch", async () => {
  await target.asOwner("delete from private.bot_keys");
  const user = newUser();
  const bots: Row[] = [];
  for (let index = 0; index < 5; index += 1) bots.push(await newBot(target, user));
  const plain = bots[1]!["bot_id"];
  await target.asOwner(
    "update private.bot_keys set access_key = 'sk-plain', encryption_key_id = null where bot_id = $1", [plain]);
  const turn = await begin(target, user, { ...relay, bot_id: plain });
  assert.equal(turn["bot"].access_key, "sk-plain", "it still answers");

  let after_bot_id = 0;
  const seen: unknown[] = [];
  for (const left of [5, 3, 1]) {
    const batch = await outdated({ after_bot_id, max_keys: 2 });
    assert.equal(batch["left"], left);
    for (const { bot_id, access_key } of batch["keys"]) {
      assert.deepEqual(access_key, bot_id === plain ? "sk-plain" : KEY);
      seen.push(bot_id);
    }
    const keys = batch["keys"].map((key: Row) => renewed(key, "n"));
    assert.deepEqual(await target.call("replace_bot_keys", { keys }), { replaced: keys.length });
    after_bot_id = keys.at(-1)["bot_id"];
  }
  assert.deepEqual(seen, bots.map(({ bot_id }) => bot_id));
  assert.deepEqual(await outdated({ after_bot_id }), { keys: [], left: 0 });
  for (const { bot_id } of bots) {
    assert.deepEqual(await stored(bot_id), { access_key: "n".repeat(50), encryption_key_id: NEWEST });
  }
});

test("a key that its owner changes meanwhile is not overwritten, nor waited for", async () => {
  await target.asOwner("delete from private.bot_keys");
  const user = newUser();
  const [changed, removed, deleted, same] = [
    await newBot(target, user), await newBot(target, user), await newBot(target, user), await newBot(target, user),
  ];
  const { keys } = await outdated();
  assert.equal(keys.length, 4);
  const own = { ...KEY, ciphertext: "o".repeat(50) };
  await ask(target, user, "update_bot", { bot_id: changed["bot_id"], body: {}, encrypted_key: own });
  await ask(target, user, "update_bot", { bot_id: removed["bot_id"], body: { access_key: null } });
  await ask(target, user, "delete_bot", { bot_id: deleted["bot_id"] });
  const answer = await target.call("replace_bot_keys", { keys: keys.map((key: Row) => renewed(key, "n")) });
  assert.deepEqual(answer, { replaced: 1 });
  assert.equal((await stored(changed["bot_id"]))["access_key"], own.ciphertext);
  assert.equal(await stored(removed["bot_id"]), undefined);
  assert.equal((await stored(same["bot_id"]))["encryption_key_id"], NEWEST);
  assert.equal((await outdated())["left"], 1);
  for (const encrypted_key of [null, { key_id: "x", ciphertext: "n".repeat(50) }]) {
    const wrong = { keys: [{ bot_id: same["bot_id"], version: "v", encrypted_key }] };
    await assert.rejects(target.call("replace_bot_keys", wrong), refusal(422, "invalid_request"));
  }
});

test("strangers ask a public bot so often and no more; its owner and other bots are not concerned", async () => {
  const owner = newUser();
  const { bot_id } = await newBot(target, owner, { is_public: true });
  const other = await newBot(target, newUser(), { is_public: true });
  const asking = (limits: Row = { public_bot: { requests: 7, window_seconds: 3600 } }, bot: unknown = bot_id): Row =>
    ({ ...relay, bot_id: bot, admission: { limits } });
  await Promise.all(Array.from({ length: 10 }, () => begin(target, owner, asking())));
  const { answers, refusals } = split(await times(30, () => begin(target, newUser(), asking())));
  assert.deepEqual([answers.length, refusals], [7, Array(23).fill("rate_limited")]);

  const guest = { kind: "new_guest", token_hash: newTokenHash() };
  await assert.rejects(begin(target, guest, asking()), (error: Refusal) => {
    const { retry_after_s, members } = JSON.parse(error.hint);
    assert.ok(retry_after_s > 0 && retry_after_s <= 3600);
    assert.deepEqual(members, { scope: "public_bot", max_requests: 7 });
    return refusal(429, "rate_limited")(error);
  });
  const made = "select from public.principals where guest_token_hash = $1";
  assert.deepEqual(await target.asOwner(made, [guest.token_hash]), [], "nothing of it is stored");
  await begin(target, owner, asking());
  await begin(target, newUser(), asking(undefined, other["bot_id"]));
  // Where public bots are hidden, and for a bot that is not public, nothing is counted.
  await assert.rejects(
    begin(target, newUser(), { ...asking(), hides_public_bots: true }), refusal(404, "not_found"));
  await ask(target, owner, "update_bot", { bot_id, body: { is_public: false } });
  await assert.rejects(begin(target, newUser(), asking()), refusal(404, "not_found"));
});

test("without a setting strangers have a limit too", async () => {
  const { bot_id } = await newBot(target, newUser(), { is_public: true });
  await begin(target, newUser(), { ...relay, bot_id, admission: {} });
  const [counter] = await target.asOwner("select scope from public.admission_counters where scope like 'public_bot:%'");
  assert.equal(counter!["scope"], `public_bot:${bot_id}`);
});
