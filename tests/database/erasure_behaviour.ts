// The erasure of a large account, while others go on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { countRows, NO_ROWS, newExternal, guestOf, daysAgo } from "./accounts.ts";
import { newBot } from "./bots.ts";
import { eraseAll, longConversation } from "./erasures.ts";
import type { SqlTarget } from "./sql_target.ts";
import { append, begin, newUser, refusal, say, type Principal } from "./turns.ts";

// How much longer than a batch the cleaner's pause after it is (supabase/schemas/cleaning/clean.sql).
const PAUSE_PER_BATCH = 2;

export function describeErasure(
  target: () => SqlTarget,
  { messages, turns }: { messages: number; turns: number },
): void {
  const remove = (principal: Principal) => target().call("delete_account", { principal });

  /** The rows that a person reads over REST. */
  async function readable(principal: Principal): Promise<number[]> {
    const claims = { sub: principal["subject"], iss: principal["issuer"] };
    const counts = ["projects", "sessions", "messages", "usage", "bots", "profiles"].map(async (table) => {
      const sql = `select count(*)::integer from public.${table}`;
      return (await target().tryAs("authenticated", sql, claims))[0]!["count"] as number;
    });
    return Promise.all(counts);
  }

  test("a large account is refused and invisible at once, and gone after its batches", async () => {
    const other = newUser();
    const { user_id: other_id } = await say(target(), other, "Mine?", "Mine.");
    const kept = await countRows(target(), other_id);
    for (const principal of [newUser(), newExternal()]) {
      const { user_id, session_id } = await longConversation(target(), principal, 1200);
      await target().call("save_profile", { principal, body: { display_name: "Anna" } });
      const bot = await newBot(target(), principal, { is_public: true });
      const running = await begin(target(), principal);
      assert.ok((await readable(principal)).every((count) => count > 0));

      const { status, body } = await remove(principal);
      assert.equal(status, 202);
      assert.match(body.message, /is being erased/);
      assert.deepEqual([body.status, body.erased_at], ["pending", null]);
      const deletion = async () =>
        (await target().call("read_deletion", { deletion_id: body.deletion_id }))["body"];
      assert.deepEqual(await deletion(), body);
      assert.deepEqual(await readable(principal), [0, 0, 0, 0, 0, 0]);
      assert.ok((await target().select("messages", { session_id })).length > 1000);
      await assert.rejects(begin(target(), principal), refusal(401, "invalid_token"));
      await assert.rejects(
        target().call("read_profile", { principal }),
        refusal(401, "invalid_token"),
      );
      await assert.rejects(
        target().call("read_bot", { principal: other, bot_id: bot["bot_id"] }),
        refusal(404, "not_found"),
      );
      const { cancel_requested } = await append(target(), running, 0, "There was ");
      assert.equal(cancel_requested, true);

      assert.ok((await eraseAll(target(), 500)) > 3);
      assert.deepEqual(await countRows(target(), user_id), NO_ROWS);
      assert.deepEqual(await target().select("principals", { id: user_id }), []);
      await assert.rejects(begin(target(), principal), refusal(401, "invalid_token"));
      const erased = await deletion();
      assert.deepEqual(
        { ...erased, erased_at: null, message: body.message },
        { ...body, status: "erased" },
      );
      assert.ok(erased.erased_at > body.deleted_at && erased.erased_at < body.erase_by);
      assert.deepEqual((await remove(principal))["body"], erased);
    }
    assert.deepEqual(await countRows(target(), other_id), kept);
  });

  test("the ledger keeps its sums, and nobody's name", async () => {
    const user = newUser();
    const { user_id } = await longConversation(target(), user, 1200);
    const sums = async () =>
      target().asOwner(
        "select count(*)::integer as calls, sum(output_tokens)::integer as tokens from public.model_calls",
      );
    const earlier = await sums();
    await remove(user);
    await eraseAll(target());
    assert.deepEqual(await sums(), earlier);
    const [named] = await target().asOwner(
      `select count(*)::integer from public.model_calls call
       where owner_id is not null and not exists (select from public.principals where id = owner_id)
         or owner_id is null and num_nonnulls(generation_id, job_id, project_id) > 0
         or owner_id = $1`,
      [user_id],
    );
    assert.equal(named!["count"], 0);
  });

  test("a guest who has expired with much is erased in batches too", async () => {
    const guest = await guestOf(target());
    await longConversation(target(), guest.principal, 1200);
    await target().update("principals", { id: guest.id }, { expires_at: daysAgo(1) });
    assert.deepEqual(await target().call("delete_expired_guests", {}), { deleted: 1 });
    assert.equal((await target().select("principals", { id: guest.id })).length, 1);
    await eraseAll(target());
    assert.deepEqual(await countRows(target(), guest.id), NO_ROWS);
    assert.deepEqual(await target().select("principals", { id: guest.id }), []);
  });

  test(`an account with ${messages} messages is erased while the turns of others go on`, async () => {
    const large = newUser();
    const { user_id } = await longConversation(target(), large, messages);
    await target().asOwner("vacuum analyze");
    const other = newUser();
    const { session_id } = await say(target(), other, "Once?", "Once.");
    async function turnMs(): Promise<number> {
      const begun = performance.now();
      await say(target(), other, "And then?", "Then.", { session_id });
      return performance.now() - begun;
    }
    for (let warm = 0; warm < 20; warm += 1) await turnMs();
    const usual: number[] = [];
    for (let turn = 0; turn < turns; turn += 1) usual.push(await turnMs());

    assert.equal((await remove(large))["status"], 202);
    const during: number[] = [];
    const batches: number[] = [];
    let isErasing = true;
    const erasing = (async () => {
      for (let left = true; left; ) {
        const begun = performance.now();
        ({ left } = (await target().call("erase_step", {})) as { left: boolean });
        batches.push(performance.now() - begun);
        // As the cleaner does.
        await delay(PAUSE_PER_BATCH * batches.at(-1)!);
      }
      isErasing = false;
    })();
    while (isErasing) during.push(await turnMs());
    await erasing;
    assert.deepEqual(await countRows(target(), user_id), NO_ROWS);
    const figures = {
      usual_ms: median(usual),
      during_ms: median(during),
      turns: during.length,
      batches: batches.length,
      batch_ms: median(batches),
      longest_batch_ms: Math.max(...batches),
      longest_turn_ms: Math.max(...during),
    };
    console.log(figures);
    // A batch holds no lock that another person's turn waits for; both use the same processors.
    assert.ok(during.length >= 10, JSON.stringify(figures));
    assert.ok(figures.during_ms <= 1.5 * figures.usual_ms + 5, JSON.stringify(figures));
  });
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
