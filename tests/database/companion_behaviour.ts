// Conversations with companions, in both databases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { leaseOf } from "./tasks.ts";
import { ask, assertChecked, assertHidden, assertPage } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { randomUUID } from "node:crypto";
import { newRequestHash } from "./actions.ts";
import { begin, failSilently, finish, messagesOf, newUser, only, refusal, say, type Principal } from "./turns.ts";

export const MARA = {
  name: "Mara",
  persona: "{{char}} keeps the light. {{user}} is her guest.",
  personality: "dry",
  scenario: "A storm.",
  example_dialogue: "<START>\n{{char}}: Sit, {{USER}}.",
  greeting: "Come in, {{ user }}. I am {{Char}}.",
  alternative_greetings: ["Who is there? <USER>?", "Late again."],
  visibility: "private",
};
const COMPANION = {
  kind: "companion",
  system_prompt: "Be kind.",
  character_prompt: "You are {{char}}.",
  character_prompt_label: "companion-1",
};

export function describeCompanions(target: () => Target): void {
  const converse = (principal: Principal, changes: Row = {}) =>
    begin(target(), principal, { ...COMPANION, ...changes });
  const talk = (principal: Principal, text: string, reply: string, changes: Row = {}) =>
    say(target(), principal, text, reply, { ...COMPANION, ...changes });
  const newCharacter = async (principal: Principal, changes: Row = {}): Promise<Row> =>
    (await ask(target(), principal, "save_character", { body: { ...MARA, ...changes } }))["body"];
  const read = async (principal: Principal, conversation_id: string): Promise<Row> =>
    (await ask(target(), principal, "read_conversation", { conversation_id, query: {} }))["body"];
  const contents = (conversation: Row) =>
    conversation["messages"].map((message: Row) => `${message["role"]}: ${message["content"]}`);

  test("an avatar that is no place of a picture is refused", async () => {
    const user = newUser();
    for (const avatar of [" a ", "   ab"]) {
      await assert.rejects(
        ask(target(), user, "save_character", { body: { ...MARA, avatar } }),
        refusal(422, "invalid_request"),
      );
    }
    const kept = await ask(target(), user, "save_character", { body: { ...MARA, avatar: " a/b " } });
    assert.equal(kept["body"]["avatar"], "a/b");
    const none = await ask(target(), user, "save_character", { body: { ...MARA, avatar: "   " } });
    assert.equal(none["body"]["avatar"], null);
  });

  test("a character is written, read, listed, changed and deleted", async () => {
    const user = newUser();
    const answer = await ask(target(), user, "save_character", { body: MARA });
    assert.equal(answer["status"], 201);
    const { character_id, created_at, updated_at, ...rest } = answer["body"];
    assert.deepEqual(rest, {
      ...MARA,
      user_id: user["subject"],
      system_prompt: "",
      closing_instructions: "",
      model: null,
      voice: null,
      avatar: null,
      has_card: false,
    });
    const companion_id = character_id;
    const found = await ask(target(), user, "read_character", { companion_id });
    assert.deepEqual(found["body"], answer["body"]);
    await assert.rejects(
      ask(target(), user, "update_character", { companion_id, if_match: "1", body: {} }),
      refusal(412, "precondition_failed"),
    );
    const changed = await ask(target(), user, "update_character", {
      companion_id,
      if_match: answer["etag"],
      body: { persona: null, voice: "low", alternative_greetings: null, visibility: "public" },
    });
    assert.deepEqual(
      { ...changed["body"], updated_at },
      { ...answer["body"], persona: "", voice: "low", alternative_greetings: [], visibility: "public" },
    );
    await newCharacter(user, { name: "Nora" });
    const page = await ask(target(), user, "list_characters", { query: { limit: 100 } });
    assert.deepEqual(
      page["body"].filter((each: Row) => each["user_id"] === user["subject"])
        .map((each: Row) => each["name"]),
      ["Nora", "Mara"],
    );
    const stranger = newUser();
    const seen = await ask(target(), stranger, "read_character", { companion_id });
    assert.deepEqual(seen["body"], changed["body"]);
    for (const name of ["update_character", "delete_character"]) {
      await assert.rejects(
        ask(target(), stranger, name, { companion_id, body: {} }),
        refusal(403, "forbidden"),
      );
    }
    await ask(target(), user, "delete_character", { companion_id });
    await assert.rejects(
      ask(target(), user, "read_character", { companion_id }),
      refusal(404, "not_found"),
    );
  });

  test("private characters are hidden, and ids are checked", async () => {
    const { character_id } = await newCharacter(newUser());
    const names = ["read_character", "read_character_card", "update_character", "delete_character"];
    await assertHidden(
      target(), names, { companion_id: character_id }, { companion_id: randomUUID() });
    await assertChecked(target(), names, "companion_id");
  });

  test("what does not fit into a prompt is refused", async () => {
    const user = newUser();
    for (const body of [
      { persona: "x".repeat(100_001) },
      { persona: "x".repeat(60_000), scenario: "x".repeat(60_000) },
      { alternative_greetings: Array.from({ length: 101 }, () => "Hi.") },
      { alternative_greetings: Array.from({ length: 5 }, () => "x".repeat(90_000)) },
      { greeting: "x".repeat(100_001) },
      { name: " " },
    ]) {
      await assert.rejects(newCharacter(user, body), refusal(422, "invalid_request"));
    }
  });

  test("a turn with a new companion begins with the greeting, and is told the character", async () => {
    const user = newUser();
    const { character_id } = await newCharacter(user);
    await ask(target(), user, "save_profile", { body: { display_name: "Io \\1 {{char}}" } });
    const turn = await converse(user, { character_id, greeting_index: 0, text: "Hello." });
    assert.equal(turn["kind"], "companion");
    assert.equal(turn["project_id"], null);
    assert.deepEqual(turn["character"], {
      character_id,
      is_known: true,
      name: "Mara",
      model: null,
      voice: null,
    });
    assert.equal(
      turn["system_prompt"],
      "You are Mara.\n\nMara keeps the light. Io \\1 {{char}} is her guest.\n\nPersonality: dry\n\n" +
        "Scenario: A storm.\n\nExamples of how Mara speaks, which are not part of the " +
        "conversation:\n<START>\nMara: Sit, Io \\1 {{char}}.",
    );
    assert.deepEqual(turn["history"], [
      { role: "assistant", content: "Come in, Io \\1 {{char}}. I am Mara." },
    ]);
    await finish(target(), turn, { text: "Dry yourself." });
    const kept = await only(target(), "generations", { generation_id: turn["generation_id"] });
    assert.equal(kept["system_prompt"], turn["system_prompt"]);
    assert.equal(kept["prompt"], "companion-1");
    const conversation = await read(user, turn["session_id"]);
    assert.deepEqual(contents(conversation), [
      "assistant: Come in, Io \\1 {{char}}. I am Mara.",
      "user: Hello.",
      "assistant: Dry yourself.",
    ]);
    assert.equal(conversation["character_id"], character_id);
    assert.equal(conversation["character_known"], true);
    const later = await converse(user, { session_id: turn["session_id"], text: "Thanks." });
    assert.equal(later["history"].length, 3);
    assert.equal(later["system_prompt"], turn["system_prompt"]);
  });

  test("a user without a name is called by the conversation's word", async () => {
    const user = newUser();
    const { character_id } = await newCharacter(user);
    const turn = await talk(user, "Hallo.", "Ja.", { character_id, user_word: "Nutzer" });
    assert.equal((await read(user, turn["session_id"]))["messages"][0]["content"],
      "Come in, Nutzer. I am Mara.");
    const next = await converse(user, { session_id: turn["session_id"] });
    assert.match(next["system_prompt"], /Nutzer is her guest/);
  });

  test("an unknown character is kept and told, and the system prompt applies", async () => {
    const user = newUser();
    const theirs = await newCharacter(newUser());
    for (const character_id of [randomUUID(), theirs["character_id"]]) {
      const turn = await talk(user, "Hello.", "Hi.", { character_id });
      assert.deepEqual(turn["character"], {
        character_id, is_known: false, name: null, model: null, voice: null,
      });
      assert.equal(turn["system_prompt"], "Be kind.");
      const conversation = await read(user, turn["session_id"]);
      assert.equal(conversation["character_id"], character_id);
      assert.equal(conversation["character_known"], false);
      assert.deepEqual(contents(conversation), ["user: Hello.", "assistant: Hi."]);
      await assert.rejects(
        converse(user, { session_id: turn["session_id"], character_id: randomUUID() }),
        refusal(422, "invalid_request"),
      );
    }
  });

  test("what the client repeats is stored once", async () => {
    const user = newUser();
    const given = [
      { role: "user", content: "One." },
      { role: "assistant", content: "Two." },
    ];
    const first = await talk(user, "Three.", "Four.", { given });
    const conversation_id = first["session_id"];
    const all = ["user: One.", "assistant: Two.", "user: Three.", "assistant: Four."];
    assert.deepEqual(contents(await read(user, conversation_id)), all);
    const repeated = [...given, { role: "user", content: "Three." }, { role: "assistant", content: "Four." }];
    await talk(user, "Five.", "Six.", { session_id: conversation_id, given: repeated });
    all.push("user: Five.", "assistant: Six.");
    assert.deepEqual(contents(await read(user, conversation_id)), all);
    // A part of it, and messages that only the client has.
    const window = [
      { role: "assistant", content: "Four." },
      { role: "user", content: "Five." },
      { role: "assistant", content: "Six." },
      { role: "user", content: "Lost." },
      { role: "assistant", content: "Found." },
    ];
    await talk(user, "Seven.", "Eight.", { session_id: conversation_id, given: window });
    all.push("user: Lost.", "assistant: Found.", "user: Seven.", "assistant: Eight.");
    assert.deepEqual(contents(await read(user, conversation_id)), all);
  });

  test("what is given before a new conversation takes the greeting's place", async () => {
    const user = newUser();
    const { character_id } = await newCharacter(user);
    const given = [{ role: "assistant", content: "I greet you." }];
    const turn = await talk(user, "Hello.", "Hi.", { character_id, given });
    assert.deepEqual(contents(await read(user, turn["session_id"])), [
      "assistant: I greet you.", "user: Hello.", "assistant: Hi.",
    ]);
  });

  test("another greeting can be chosen while nothing has been answered", async () => {
    const user = newUser();
    const { character_id } = await newCharacter(user);
    const started = await ask(target(), user, "start_conversation", { body: { character_id } });
    assert.equal(started["status"], 201);
    const conversation_id = started["body"]["id"];
    assert.equal(started["body"]["title"], "Mara");
    const choose = (greeting_index: number) =>
      ask(target(), user, "choose_greeting", { conversation_id, body: { greeting_index } });
    for (const [place, text] of [[2, "Late again."], [1, "Who is there? User?"], [2, "Late again."]] as const) {
      const chosen = await choose(place);
      assert.deepEqual(contents(chosen["body"]), [`assistant: ${text}`]);
    }
    assert.equal((await messagesOf(target(), { session_id: conversation_id })).length, 3);
    await assert.rejects(choose(3), refusal(422, "invalid_request"));
    await talk(user, "It is me.", "So it is.", { session_id: conversation_id });
    await assert.rejects(choose(0), refusal(422, "invalid_request"));
    assert.equal((await read(user, conversation_id))["messages"][0]["content"], "Late again.");
  });

  test("a turn that is withdrawn takes a conversation that it made with it, and no other", async () => {
    const user = newUser();
    const { character_id } = await newCharacter(user);
    const call_id = randomUUID();
    const turn = await converse(user, { character_id, call_id });
    assert.deepEqual(await target().call("withdraw_turn", { call_id }), { withdrawn: true });
    assert.deepEqual(await target().select("sessions", { session_id: turn["session_id"] }), []);
    const started = await ask(target(), user, "start_conversation", { body: { character_id } });
    const session_id = started["body"]["id"];
    const second = randomUUID();
    await converse(user, { session_id, call_id: second });
    assert.deepEqual(await target().call("withdraw_turn", { call_id: second }), { withdrawn: true });
    assert.equal((await read(user, session_id))["messages"].length, 1);
  });

  test("a turn that failed without a word runs again under its key, on the same message", async () => {
    const user = newUser();
    const { character_id } = await newCharacter(user);
    const given = [
      { role: "user", content: "Is it you?" },
      { role: "assistant", content: "It is." },
    ];
    const named = { idempotency_key: randomUUID(), request_hash: newRequestHash() };
    for (const request of [{ character_id }, { character_id, given }]) {
      const whole = { ...request, ...named, idempotency_key: randomUUID() };
      const first = await converse(user, whole);
      const before = contents(await read(user, first["session_id"]));
      for (let failures = 0; failures < 2; failures += 1) {
        await failSilently(target(), failures === 0 ? first : await converse(user, whole));
      }
      const again = await converse(user, whole);
      assert.equal(again["replayed"], false);
      for (const same of ["session_id", "user_message_id", "turn_number", "created_session"]) {
        assert.equal(again[same], first[same], same);
      }
      assert.deepEqual([again["history"], again["character"]], [first["history"], first["character"]]);
      await finish(target(), again, { text: "Sit." });
      const conversation = await read(user, first["session_id"]);
      assert.deepEqual(contents(conversation), [...before, "assistant: Sit."]);
      assert.equal((await converse(user, whole))["status"], "complete");
    }
  });

  test("chat's routes for messages serve conversations with companions", async () => {
    const user = newUser();
    const { character_id } = await newCharacter(user);
    const turn = await talk(user, "Hello.", "Hi.", { character_id });
    const kinds = { companion: { ...COMPANION, system_prompt: "Be kinder." } };
    const again = await begin(target(), user, {
      text: null, action: "regenerate", message_id: turn["message_id"], kinds, dossier: true,
      dossier_heading: "Known:", extract: true, system_prompt: "Chat.", task_prompts: {},
    });
    assert.equal(again["kind"], "companion");
    assert.match(again["system_prompt"], /^You are Mara\./);
    assert.equal(again["dossier"], undefined);
    await finish(target(), again, { text: "Hi there." });
    const edited = await begin(target(), user, {
      text: "Good day.", action: "edit", message_id: turn["user_message_id"], kinds,
    });
    assert.deepEqual(edited["history"], [{ role: "assistant", content: "Come in, User. I am Mara." }]);
    await finish(target(), edited, { text: "And to you." });
    assert.deepEqual(contents(await read(user, turn["session_id"])), [
      "assistant: Come in, User. I am Mara.", "user: Good day.", "assistant: And to you.",
    ]);
    // Without the kind in the request, as before.
    await assert.rejects(
      begin(target(), user, { text: null, action: "regenerate", message_id: turn["message_id"] }),
      refusal(404, "not_found"),
    );
  });

  test("chat's routes for messages serve realtime sessions with their own prompt", async () => {
    const user = newUser();
    const realtime = { kind: "realtime", external_id: randomUUID() };
    const turn = await say(target(), user, "Hello.", "Hi.", realtime);
    const kinds = { realtime: { system_prompt: "Be live.", prompt: "realtime-1" } };
    const again = await begin(target(), user, {
      text: null, action: "regenerate", message_id: turn["message_id"], kinds, system_prompt: "Chat.",
    });
    assert.equal(again["kind"], "realtime");
    await finish(target(), again, { text: "Hey." });
    const kept = await only(target(), "generations", { generation_id: again["generation_id"] });
    assert.deepEqual([kept["system_prompt"], kept["prompt"]], ["Be live.", "realtime-1"]);
    const takes = await ask(target(), user, "list_takes", { message_id: turn["message_id"] });
    assert.equal(takes["body"].length, 2);
  });

  test("conversations are listed, by character too, hidden from others, and deleted", async () => {
    const user = newUser();
    const { character_id } = await newCharacter(user);
    const ids: string[] = [];
    for (const changes of [{ character_id }, {}, { character_id }]) {
      ids.unshift((await talk(user, "Hello.", "Hi.", changes))["session_id"]);
    }
    const list = (query: Row) => ask(target(), user, "list_conversations", { query });
    assertPage(await list({}), "id", ids, 0, 20);
    assertPage(await list({ limit: 1, offset: 1 }), "id", ids, 1, 1);
    assertPage(await list({ character_id }), "id", [ids[0]!, ids[2]!], 0, 20);
    const names = ["read_conversation", "delete_conversation", "choose_greeting"];
    await assertHidden(
      target(), names, { conversation_id: ids[0]! }, { conversation_id: randomUUID() });
    await assertChecked(target(), names, "conversation_id");
    await ask(target(), user, "delete_conversation", { conversation_id: ids[0]! });
    await assert.rejects(read(user, ids[0]!), refusal(404, "not_found"));
    assertPage(await list({}), "id", ids.slice(1), 0, 20);
  });

  test("a server acts for whom it names, who is made on first use", async () => {
    const named = { kind: "named", subject: randomUUID() };
    const turn = await talk(named, "Hello.", "Hi.");
    assert.equal(turn["user_id"], named.subject);
    assert.equal(turn["created_user"], true);
    const next = await talk(named, "Hello.", "Hi.", { session_id: turn["session_id"] });
    assert.equal(next["created_user"], false);
    // The person with this id finds it.
    const person = { kind: "user", issuer: "supabase", subject: named.subject };
    assert.equal((await read(person, turn["session_id"]))["messages"].length, 4);
    const guest = await guestOf(target());
    const theirs = await talk({ kind: "named", subject: guest.id }, "Hello.", "Hi.");
    assert.equal((await read(guest.principal, theirs["session_id"]))["messages"].length, 2);
    await ask(target(), person, "delete_account");
    await assert.rejects(talk(named, "Hello.", "Hi."), refusal(401, "invalid_token"));
  });

  test("a guest's characters and conversations move to the account", async () => {
    const guest = await guestOf(target());
    const { character_id } = await newCharacter(guest.principal);
    const turn = await talk(guest.principal, "Hello.", "Hi.", { character_id });
    const account = await personOf(target(), newUser());
    await migrate(target(), account, guest);
    const conversation = await read(account.principal, turn["session_id"]);
    assert.equal(conversation["character_known"], true);
  });

  test("a guest is made for all functions", async () => {
    const token_hash = "ab".repeat(32);
    const made = await ask(target(), { kind: "new_guest", token_hash }, "create_guest");
    assert.ok(Date.parse(made["expires_at"]) > Date.now() + 29 * 86_400_000);
    const turn = await talk({ kind: "guest", token_hash }, "Hello.", "Hi.");
    assert.equal(turn["user_id"], made["user_id"]);
  });

  const claimSnapshot = async (session_id: string): Promise<Row | null> => {
    const jobs = await target().select("jobs", { session_id, kind: "conversation_snapshot" });
    for (const { job_id } of jobs) {
      await target().update("job_steps", { job_id, status: "queued" }, {
        run_after: new Date(Date.now() - 1000).toISOString(),
      });
    }
    const filter = { kinds: ["conversation_snapshot"], session_id };
    return (await target().call("claim_step", filter))["step"];
  };
  const commitSnapshot = (step: Row) =>
    target().call("commit_step", { ...leaseOf(step), result: {} });

  test("after turns, edits and other paths the snapshot is written, once for all of them", async () => {
    const user = newUser();
    const turn = await talk(user, "Hello.", "Hi.");
    const { session_id } = turn;
    await talk(user, "Well?", "Well.", { session_id });
    const [job] = await target().select("jobs", { session_id, kind: "conversation_snapshot" });
    const [step] = await target().select("job_steps", { job_id: job!["job_id"] });
    assert.ok(Date.parse(step!["run_after"]) > Date.now());
    const claimed = (await claimSnapshot(session_id))!;
    assert.equal(claimed["conversation_id"], session_id);
    const { created_at, updated_at, messages, ...rest } = claimed["snapshot"];
    assert.deepEqual(rest, {
      id: session_id, user_id: user["subject"], character_id: null, title: "Once upon a time",
    });
    assert.deepEqual(
      messages.map(({ role, content, timestamp, ...more }: Row) => [role, content, !!Date.parse(timestamp), more]),
      [
        ["user", "Hello.", true, {}],
        ["assistant", "Hi.", true, {}],
        ["user", "Well?", true, {}],
        ["assistant", "Well.", true, {}],
      ],
    );
    assert.ok(Date.parse(created_at) <= Date.parse(updated_at));
    await commitSnapshot(claimed);
    assert.equal(await claimSnapshot(session_id), null);
    await ask(target(), user, "edit_reply", {
      message_id: turn["message_id"], body: { content: "Good day." },
    });
    const edited = (await claimSnapshot(session_id))!;
    assert.equal(edited["snapshot"]["messages"][1]["content"], "Good day.");
    await commitSnapshot(edited);
    await ask(target(), user, "delete_conversation", { conversation_id: session_id });
    const deleted = (await claimSnapshot(session_id))!;
    assert.equal(deleted["snapshot"], null);
    await commitSnapshot(deleted);
  });

  test("a conversation comes back from its snapshot, also from another service's", async () => {
    const user = newUser();
    const named = { ...newUser(), kind: "named" };
    const restore = (principal: Principal, conversation_id: string, snapshot: Row | null, more: Row = {}) =>
      ask(target(), principal, "restore_conversation", { conversation_id, snapshot, ...more });
    const conversation_id = randomUUID();
    const theirs = {
      id: conversation_id,
      created_at: "2025-12-15T00:18:46.655592",
      updated_at: "2025-12-15T00:18:51.271819",
      messages: [
        { role: "system", content: "Be kind.", timestamp: "2025-12-15T00:18:46" },
        { role: "user", content: "Hello!", timestamp: "2025-12-15T00:18:46.7" },
        { role: "assistant", content: "Hello!", timestamp: "2025-12-15T00:18:45" },
        { role: "robot", content: "x" }, { role: "user", content: 7 }, "x", null,
        { role: "user", content: "There?", timestamp: "nonsense" },
      ],
    };
    // The copy names no user: only a server knows its owner.
    await assert.rejects(restore(user, conversation_id, theirs), refusal(404, "not_found"));
    const back = await restore(named, conversation_id, theirs, { is_server: true });
    assert.equal(back["status"], 201);
    assert.equal(back["body"]["id"], conversation_id);
    assert.equal(back["body"]["created_at"], "2025-12-15T00:18:46.655592Z");
    assert.deepEqual(
      back["body"]["messages"].map(({ role, content, timestamp }: Row) => [role, content, timestamp]),
      [
        ["user", "Hello!", "2025-12-15T00:18:46.700000Z"],
        ["assistant", "Hello!", "2025-12-15T00:18:46.700000Z"],
        ["user", "7", "2025-12-15T00:18:46.700000Z"],
        ["user", "There?", "2025-12-15T00:18:46.700000Z"],
      ],
    );
    const again = await restore(named, conversation_id, theirs, { is_server: true });
    assert.equal(again["status"], undefined);
    assert.deepEqual(again["body"], back["body"]);
    await talk(named, "Go on.", "Yes.", { session_id: conversation_id });
    await assert.rejects(restore(user, conversation_id, theirs), refusal(404, "not_found"));

    const own = { ...theirs, id: randomUUID(), user_id: user["subject"], character_id: randomUUID(), title: "T" };
    const mine = await restore(user, own.id, own);
    assert.deepEqual([mine["body"]["title"], mine["body"]["character_id"]], ["T", own.character_id]);
    await ask(target(), user, "delete_conversation", { conversation_id: own.id });
    assert.equal((await restore(user, own.id, null))["body"]["messages"].length, 4);
    for (const snapshot of [null, {}, { messages: "x" }, { ...own, user_id: randomUUID() }, { ...own, user_id: 7 }]) {
      await assert.rejects(restore(user, randomUUID(), snapshot), refusal(404, "not_found"));
    }
  });

  test("a deleted account's snapshots are to be deleted, by whoever works for nobody", async () => {
    const user = newUser();
    const { session_id: conversation_id } = await talk(user, "Hello.", "Hi.");
    await ask(target(), user, "delete_account");
    assert.equal((await target().select("deleted_snapshots", { conversation_id })).length, 1);
    assert.equal((await target().call("has_due_step", {}))["due"], true);
    const ids: string[] = [];
    for (;;) {
      const taken = (await target().call("take_deleted_snapshots", { limit: 100 }))["ids"];
      if (taken.length === 0) break;
      ids.push(...taken);
    }
    assert.ok(ids.includes(conversation_id));
    await target().call("forget_deleted_snapshots", { ids: [conversation_id] });
    assert.deepEqual(await target().select("deleted_snapshots", { conversation_id }), []);
  });
}
