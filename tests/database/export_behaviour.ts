// Everything that is a person's, as their export has it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestOf } from "./accounts.ts";
import { newBot } from "./bots.ts";
import { longConversation } from "./erasures.ts";
import { ask } from "./lists.ts";
import { claimedReading, commitReading, talk } from "./memories.ts";
import { newConnection, open, turnIn } from "./realtime.ts";
import type { SqlTarget } from "./sql_target.ts";
import { beginStory, work, writeStep } from "./stories.ts";
import type { Row } from "./target.ts";
import { newUser, refusal, say, type Principal } from "./turns.ts";

export interface Page {
  lines: Row[];
  after?: string;
  is_complete: boolean;
}

export function describeExport(target: () => SqlTarget): void {
  const page = async (principal: Principal, after?: string) =>
    (await target().call("export_page", { principal, after })) as unknown as Page;

  /** All lines from a place on. */
  async function linesOf(principal: Principal, after?: string): Promise<Row[]> {
    const lines: Row[] = [];
    for (let from = after; ; ) {
      const next = await page(principal, from);
      assert.ok(next.lines.length <= 1001);
      lines.push(...next.lines);
      if (next.is_complete) return lines;
      from = next.after!;
    }
  }

  /** Somebody who has something of each kind; their words contain the name. */
  async function personWithEverything(name: string): Promise<{ principal: Principal; id: string }> {
    const principal = newUser();
    const turn = await say(target(), principal, `${name}?`, `${name}.`);
    await target().call("save_profile", { principal, body: { display_name: name } });
    await target().call("edit_reply", {
      principal,
      message_id: turn["message_id"],
      body: { content: `${name}, edited.` },
    });
    await target().call("commit_assertions", {
      project_id: turn["project_id"],
      base: 0,
      assertions: [
        { assertion_id: "a".repeat(64), kind: "extracted", body: { name }, message_id: turn["message_id"] },
      ],
    });
    const connection = newConnection(principal, name);
    await open(target(), connection);
    await say(target(), principal, `${name}?`, `${name}.`, turnIn(connection));
    const told = await talk(target(), principal, `I like ${name}.`);
    await commitReading(target(), await claimedReading(target()), [
      { text: `The user likes ${name}.`, message_id: told["user_message_id"] },
    ]);
    await target().call("save_character", { principal, body: { name, persona: name } });
    await newBot(target(), principal, { name });
    await ask(target(), principal, "start_import", {
      project_id: turn["project_id"],
      title: name,
      chapters: 1,
      steps: [{ text: `${name} came home.`, chapter: 1, chapter_title: null, from_byte: 0 }],
    });
    const story = await beginStory(target(), principal, "full", {
      given: { premise: `Of ${name}.` },
      idempotency_key: name,
      request_hash: "c".repeat(64),
    });
    await work(target(), story["task_id"], (step) => step["totals"]["scenes_written"] === 2, (step) =>
      writeStep(step),
    );
    return { principal, id: turn["user_id"] };
  }

  test("each table with an owner is exported, or named with a reason", async () => {
    const rows = await target().asOwner(
      `with recursive owned as (
         select 'public.principals'::regclass as name
         union
         select conrelid::regclass from owned
         join pg_constraint on confrelid = owned.name and contype = 'f' and confdeltype = 'c'
       )
       select relname as name from (
         select name as oid from owned
         union
         select attrelid from pg_attribute where attname = 'owner_id' and not attisdropped
       ) found
       join pg_class class on class.oid = found.oid
       where relkind in ('r', 'p') and relnamespace in ('public'::regnamespace, 'private'::regnamespace)`,
    );
    const named = await target().asOwner(
      `select table_name as name from private.export_parts()
       union all select table_name from private.not_exported()`,
    );
    const names = (of: Row[]) => of.map(({ name }) => name as string).sort();
    assert.ok(names(rows).length > 30);
    assert.deepEqual(names(named), [...new Set(names(rows))]);
  });

  test("an export has every row of its owner, and nobody else's", async () => {
    await personWithEverything("Habichtspilz");
    const { principal, id } = await personWithEverything("Maronenröhrling");
    const lines = await linesOf(principal);
    const last = lines.pop()!;
    assert.equal(last["type"], "complete");
    assert.equal(last["lines"], lines.length);
    const counts: Record<string, number> = {};
    for (const { type } of lines) counts[type] = (counts[type] ?? 0) + 1;
    for (const [type, count] of Object.entries(last["counts"])) assert.equal(counts[type] ?? 0, count, type);

    const parts = await target().asOwner("select type, table_name from private.export_parts()");
    for (const { type, table_name } of parts) {
      const owner = table_name === "principals" ? "id" : "owner_id";
      const filter = table_name === "job_steps" ? "and kind = 'dossier_import'" : "";
      const [stored] = await target().asOwner(
        `select count(*)::integer from public.${table_name} where ${owner} = $1 ${filter}`,
        [id],
      );
      assert.equal(counts[type] ?? 0, stored!["count"], type);
      if (!["plan", "story_illustration", "summary"].includes(type)) assert.ok(counts[type]! > 0, type);
    }
    const text = JSON.stringify(lines);
    for (const other of ["Habichtspilz", "never_told"]) assert.ok(!text.includes(other), other);
    const dataOf = (type: string) => lines.filter((line) => line["type"] === type).map(({ data }) => data);
    assert.equal(dataOf("account")[0].user_id, id);
    assert.equal(dataOf("message_revision")[0].content, "Maronenröhrling.");
    assert.equal(dataOf("import_text")[0].text, "Maronenröhrling came home.");
    assert.ok(dataOf("session").some(({ snapshot_path, session_id }) => snapshot_path === `${session_id}.json`));

    for (let place = 0; place < lines.length; place += 5) {
      assert.deepEqual(await linesOf(principal, lines[place]!["cursor"]), [...lines.slice(place + 1), last]);
    }
  });

  test("guests have an export, and what is deleted is in none", async () => {
    const guest = await guestOf(target(), { text: "Pfifferling?" });
    const kept = await say(target(), guest.principal, "Steinpilz?", "Steinpilz.");
    await target().call("delete_session", {
      principal: guest.principal,
      session_id: guest.turn["session_id"],
    });
    const lines = await linesOf(guest.principal);
    const messages = lines.filter(({ type }) => type === "message").map(({ data }) => data.content);
    assert.deepEqual(messages, ["Steinpilz?", "Steinpilz."]);
    assert.deepEqual(
      lines.filter(({ type }) => type === "session").map(({ data }) => data.session_id),
      [kept["session_id"]],
    );
    await target().call("delete_account", { principal: guest.principal });
    await assert.rejects(page(guest.principal), refusal(401, "invalid_token"));
  });

  test("a place that no line has named is refused", async () => {
    const principal = newUser();
    await say(target(), principal, "Once?", "Once.");
    const { lines } = await page(principal);
    const whole = lines[0]!["cursor"] as string;
    const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const id = principal["subject"];
    const wrong = ["", "abc", "%", whole.slice(0, -4), made(1), made({}), made([99, id, null, [1]]), made([1, "x", null, [1]]),
      made([1, id, ["x"], [1]]), made([1, id, [], [1]]), made([1, id, null, [-1]]), made([1, id, null, "x"]),
      made([1, id, null, [1, 2]]), made([1, id, {}, [1]]), made([1.5, id, null, [1]]), made([1, id, [id], [1e300]])];
    for (const after of wrong) {
      if (after === "") continue;
      await assert.rejects(page(principal, after), refusal(422, "invalid_request"), after);
    }
    assert.deepEqual(await linesOf(principal, whole), lines.slice(1));
    // Another's place shows nothing of theirs.
    assert.deepEqual(
      (await linesOf(newUser(), whole)).filter(({ type }) => type === "message"),
      [],
    );
  });
}

/** The export of a large account: each page is bounded in rows, bytes and time. */
export function describeLargeExport(target: () => SqlTarget, messages: number): void {
  test(`${messages} messages are exported in pages`, async () => {
    const principal = newUser();
    const { user_id } = await longConversation(target(), principal, messages);
    // Real calls are made at different times.
    await target().asOwner(
      "update public.model_calls set created_at = now() - random() * interval '300 days' where owner_id = $1",
      [user_id],
    );
    await target().asOwner("vacuum analyze");
    const counts: Record<string, number> = {};
    const pages_ms: number[] = [];
    const messages_ms: number[] = [];
    for (let after: string | undefined; ; ) {
      const begun = performance.now();
      const page = (await target().call("export_page", { principal, after })) as unknown as Page;
      pages_ms.push(performance.now() - begun);
      for (const { type } of page.lines) counts[type] = (counts[type] ?? 0) + 1;
      if (page.lines.every(({ type }) => type === "message")) messages_ms.push(pages_ms.at(-1)!);
      assert.ok(JSON.stringify(page.lines).length < 2 * 524_288);
      if (page.is_complete) break;
      after = page.after;
    }
    assert.equal(counts["message"], messages + 2);
    assert.equal(counts["model_call"], messages * 3 + 1);
    const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
    const middle = Math.floor(messages_ms.length / 2);
    const figures = {
      pages: pages_ms.length,
      early_ms: median(messages_ms.slice(0, middle)),
      late_ms: median(messages_ms.slice(middle)),
      longest_ms: Math.max(...pages_ms),
    };
    console.log(figures);
    // A late page costs as much as an early one.
    assert.ok(figures.late_ms <= 3 * figures.early_ms + 50, JSON.stringify(figures));
  });
}
