// The prompt for texts that exceed the budget, for attached texts, and for unanswered messages, in either
// database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LAST_WORDS, pastedChapter, readScenario } from "../field_cases.ts";
import { context, newRequestHash } from "./actions.ts";
import { claimReading, commitReading, partsOf } from "./extractions.ts";
import { claim, commit, postponeOthers } from "./tasks.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, newUser, only, say } from "./turns.ts";

const BUDGET_TOKENS = 12_000;
const CUT = /\[\d+ bytes of this text are left out here: they do not fit\.\]/;

const bytes = (text: string) => Buffer.byteLength(text);
const tokensOf = (messages: Row[]) =>
  messages.reduce((sum, { content }) => sum + Math.ceil(bytes(content) / 4) + 4, 0);

/** A chapter of five scenes, whose last words alone say who it was. */
function chapterOf(sentence: string, last: string, size_bytes: number): string {
  const scene = sentence.repeat(Math.ceil(size_bytes / 5 / bytes(sentence)));
  return [1, 2, 3, 4, 5].map((number) => `${number}.\n\n${scene}`).join("\n\n* * *\n\n") + last;
}

const CHAPTERS: [string, string][] = [
  // The chapter of case 04.
  [pastedChapter(), LAST_WORDS],
  [
    chapterOf("Oda went up slowly, counting the wet stairs of the tower. ", "It was Pell who blew the lamp out.", 60_000),
    "It was Pell who blew the lamp out.",
  ],
  [
    chapterOf("Смотрительница медленно поднималась по мокрой лестнице. ", "Лампу задул Пелл.", 90_000),
    "Лампу задул Пелл.",
  ],
  [chapterOf("她慢慢地走上湿漉漉的楼梯,一级一级地数着。", "吹灭灯的是佩尔。", 80_000), "吹灭灯的是佩尔。"],
  [chapterOf("🦊🏮", "🏮 war es Pell.", 70_000), "🏮 war es Pell."],
];

export function describeLongTexts(target: () => Target): void {
  test("a long message stays in the history: its beginning, its end, and how much is missing", async () => {
    for (const [chapter, last] of CHAPTERS) {
      const user = newUser();
      const { session_id } = await say(target(), user, chapter, "Scene four is thin.", {
        history_budget_tokens: BUDGET_TOKENS,
      });
      const turn = await begin(target(), user, {
        session_id,
        text: "Who blew the lamp out?",
        history_budget_tokens: BUDGET_TOKENS,
      });
      const [sent, reply] = turn["history"];
      assert.equal(reply["content"], "Scene four is thin.");
      assert.equal(sent["role"], "user");
      assert.ok(sent["content"].startsWith(chapter.slice(0, 500)));
      assert.ok(sent["content"].endsWith(last), "the end says who it was");
      const note = CUT.exec(sent["content"])!;
      const [beginning, end] = sent["content"].split(note[0]) as [string, string];
      assert.ok(chapter.startsWith(beginning.trimEnd()) && chapter.endsWith(end.trimStart()));
      const missing = Number.parseInt(note[0].slice(1), 10);
      assert.ok(Math.abs(missing + bytes(beginning) + bytes(end) - 4 - bytes(chapter)) < 8);
      assert.ok(tokensOf(turn["history"]) <= BUDGET_TOKENS);
      assert.ok(tokensOf(turn["history"]) > BUDGET_TOKENS * 0.8, "the budget is used");
      await finish(target(), turn);
      const told = await context(target(), user, turn["message_id"]);
      assert.deepEqual(told["messages"][0]["cut"], {
        bytes: bytes(chapter),
        sent_bytes: bytes(sent["content"]),
      });
      assert.deepEqual(
        told["messages"].slice(0, 2).map((message: Row) => message["content"]),
        [sent["content"], reply["content"]],
        "the context is what was sent",
      );
      assert.equal("cut" in told["messages"][1], false);
    }
  });

  test("a new message larger than the budget keeps the newest turns beside a cut of itself", async () => {
    for (const [chapter, last] of CHAPTERS) {
      const user = newUser();
      const { session_id } = await say(target(), user, "Be strict with me.", "I shall.");
      const turn = await begin(target(), user, {
        session_id,
        text: chapter,
        history_budget_tokens: BUDGET_TOKENS,
      });
      assert.deepEqual(turn["history"].map((message: Row) => message["content"]), ["Be strict with me.", "I shall."]);
      assert.match(turn["text"], CUT);
      assert.ok(turn["text"].endsWith(last));
      assert.ok(tokensOf([...turn["history"], { content: turn["text"] }]) <= BUDGET_TOKENS);
      await finish(target(), turn);
      const told = (await context(target(), user, turn["message_id"]))["messages"].at(-1);
      assert.deepEqual([told["content"], told["cut"]["bytes"]], [turn["text"], bytes(chapter)]);
      const stored = await only(target(), "messages", { message_id: turn["user_message_id"] });
      assert.equal(stored["content"], chapter, "the person's text is whole");
      const take = await target().call("begin_turn", {
        principal: user, kind: "chat", action: "regenerate", message_id: turn["message_id"],
        history_budget_tokens: BUDGET_TOKENS,
      });
      assert.match(take["history"].at(-1)["content"], CUT);
      await finish(target(), take);
    }
  });

  test("so it is in every kind of conversation, and a question that was asked again is sent once", async () => {
    for (const kind of ["chat", "companion", "realtime", "relay"]) {
      const user = newUser();
      const named = kind === "realtime" || kind === "relay" ? { external_id: `${kind}-1` } : {};
      const request = { kind, ...named, history_budget_tokens: BUDGET_TOKENS, system_prompt: "Be kind." };
      const first = await begin(target(), user, { ...request, text: pastedChapter() });
      assert.match(first["text"], CUT, kind);
      assert.ok(first["text"].endsWith(LAST_WORDS), kind);
      await finish(target(), first, { text: "Scene four is thin." });
      const session = kind === "chat" || kind === "companion" ? { session_id: first["session_id"] } : {};
      const question = { ...request, ...session, text: "Who blew the lamp out?" };
      await finish(target(), await begin(target(), user, question), { status: "failed", text: "", usage: null });
      const { history } = await begin(target(), user, question);
      assert.deepEqual(history.map((message: Row) => message["role"]), ["user", "assistant"], kind);
      assert.ok(history[0]["content"].endsWith(LAST_WORDS), kind);
      assert.equal(history[1]["content"], "Scene four is thin.");
    }
  });

  test("a budget that ends inside a character, or holds nothing, never breaks a text", async () => {
    for (const text of ["é".repeat(9000), "狐🦊".repeat(3000), "a\u0301".repeat(6000), "🏴\u{e0067}\u{e0062}".repeat(2000)]) {
      const user = newUser();
      const { session_id } = await say(target(), user, text, text);
      for (const history_budget_tokens of [0, 1, 127, 128, 129, 1023, 1024, 1025, 1026, 1027]) {
        const turn = await begin(target(), user, { session_id, text, history_budget_tokens });
        for (const { content } of [...turn["history"], { content: turn["text"] ?? "" }]) {
          assert.doesNotMatch(content, /\ufffd/);
          for (const piece of content.split(CUT)) assert.ok(text.includes(piece.trim()));
        }
        await finish(target(), turn, { status: "failed", text: "" });
      }
    }
  });

  test("a message that fits into the budget is sent whole, and nothing is sent in its place", async () => {
    const turn = await begin(target(), newUser(), {
      text: "x".repeat(4 * (BUDGET_TOKENS - 4)),
      history_budget_tokens: BUDGET_TOKENS,
    });
    assert.deepEqual([turn["history"], "text" in turn], [[], false]);
  });

  test("a reply that is too long is cut, and its question stays with it", async () => {
    const user = newUser();
    const { session_id } = await say(target(), user, "Tell me all.", "All of it. ".repeat(5000));
    const turn = await begin(target(), user, { session_id, history_budget_tokens: 2000 });
    assert.deepEqual(turn["history"].map((message: Row) => message["role"]), ["user", "assistant"]);
    assert.equal(turn["history"][0]["content"], "Tell me all.");
    assert.match(turn["history"][1]["content"], CUT);
    await finish(target(), turn);
    const going = await target().call("begin_turn", {
      principal: user, kind: "chat", action: "continue", instruction: "Go on.",
      message_id: (await target().select("messages", { session_id, position: 2 }))[0]!["message_id"],
      history_budget_tokens: 2000,
    });
    assert.deepEqual(going["history"].map((message: Row) => message["role"]), ["user", "assistant"]);
    assert.ok(going["history"][1]["content"].endsWith("All of it. "));
    assert.ok(tokensOf(going["history"]) <= 2000);
    await finish(target(), going, { from_offset: going["base_bytes"] });
  });

  const attached = (name: string, text: string): Row => ({
    message_metadata: { attachments: [{ type: "text", name, text, tokens: Math.ceil(text.length / 4) }] },
  });

  test("attached texts stay part of the conversation, and are read for the dossier", async () => {
    for (const [name, text, last] of [
      ["chapter-3.txt", "Oda counted the lamps twice.\n\nSomebody had drawn a heron.", "had drawn a heron."],
      ["kapitel.txt", "Sie zählte die Lampen.\n\nJemand hatte einen Reiher gezeichnet.", "Reiher gezeichnet."],
      ["章.txt", "她数了两遍灯。\n\n有人画了一只鹭。", "有人画了一只鹭。"],
    ] as const) {
      const user = newUser();
      const first = await begin(target(), user, { text: "Read this.", ...attached(name, text) });
      await finish(target(), first, { text: "I like it.", extract: true });
      const { session_id } = first;
      const task = (await claimReading(target(), first))!;
      const [message_id, part] = partsOf(task)[0]!;
      assert.equal(message_id, first["user_message_id"]);
      assert.ok(part.startsWith("Read this.") && part.includes(last));
      await commitReading(target(), task, []);
      assert.equal(await claimReading(target(), first), null, "all of it is read");
      for (let turn = 0; turn < 3; turn += 1) {
        const later = await begin(target(), user, { session_id, text: "Which bird?" });
        assert.ok(later["history"][0]["content"].includes(last));
        assert.ok(later["history"][0]["content"].includes(name));
        await finish(target(), later);
        const told = await context(target(), user, later["message_id"]);
        assert.equal(told["messages"][0]["content"], later["history"][0]["content"]);
      }
    }
  });

  test("what is attached in case 01 is there in the next turn", async () => {
    const [first, second] = readScenario("01-attachment-forgotten")["steps"];
    const user = newUser();
    const { text, attachments } = first.request.body;
    const turn = await begin(target(), user, {
      text,
      message_metadata: { attachments: attachments.map((attachment: Row) => ({ ...attachment, tokens: 40 })) },
    });
    await finish(target(), turn, { text: first.upstream[0].text, extract: true });
    const next = await begin(target(), user, { session_id: turn["session_id"], text: second.request.body.text });
    const [sent, reply] = next["history"];
    assert.ok(sent["content"].includes(second.expect.upstream_request_contains));
    assert.ok(sent["content"].includes(second.expect.or_contains_note_naming));
    assert.equal(reply["content"], first.upstream[0].text);
    await finish(target(), next);
    const [told] = (await context(target(), user, next["message_id"]))["messages"];
    assert.equal(told["content"], sent["content"]);
    const [[, read]] = partsOf((await claimReading(target(), turn))!) as [[string, string]];
    assert.ok(read.includes(second.expect.upstream_request_contains), "the dossier reads it");
  });

  test("a fetched text is told from what was read of it, and of an image that there was one", async () => {
    const user = newUser();
    const attachments = [
      { type: "text", path: "files/a.txt", name: "a.txt", text_read: "The heron.", tokens: 9 },
      { type: "image", url: "https://files.example/map.png", name: "the map", tokens: 1000 },
      { type: "text", url: "https://files.example/old.txt", tokens: 9 },
    ];
    const { session_id } = await say(target(), user, "Look.", "I see.", { message_metadata: { attachments } });
    const turn = await begin(target(), user, { session_id });
    const said = turn["history"][0]["content"];
    for (const part of ["Look.", "The heron.", "the map", "https://files.example/old.txt"]) {
      assert.ok(said.includes(part), part);
    }
  });

  test("an attached text that does not fit is cut, and its name stays", async () => {
    const user = newUser();
    const text = "Nobody spoke. ".repeat(4000) + "It was Pell.";
    const { session_id } = await say(target(), user, "Read this.", "Yes.", attached("long.txt", text));
    const turn = await begin(target(), user, { session_id, history_budget_tokens: 2000 });
    const said = turn["history"][0]["content"];
    assert.match(said, CUT);
    assert.ok(said.startsWith('Read this.\n\n<attachment name="long.txt">') && said.includes("It was Pell."));
  });

  test("a question that was asked again is sent once, another one stays", async () => {
    for (const status of ["failed", "stopped", "disconnected", "interrupted"]) {
      const user = newUser();
      const { session_id } = await say(target(), user, "One?", "One.");
      const nothing = async (text: string) => {
        const turn = await begin(target(), user, { session_id, text });
        await finish(target(), turn, { status, text: "", usage: null });
        return turn["history"].map((message: Row) => message["content"]);
      };
      await nothing("A door in the sea.");
      assert.deepEqual(await nothing("Help me."), ["One?", "One.", "A door in the sea."]);
      assert.deepEqual(await nothing("Help me."), ["One?", "One.", "A door in the sea."]);
      const turn = await begin(target(), user, { session_id, text: "Help me." });
      assert.deepEqual(turn["history"].map((message: Row) => message["content"]), ["One?", "One.", "A door in the sea."]);
      await finish(target(), turn);
      const told = await context(target(), user, turn["message_id"]);
      assert.deepEqual(
        told["messages"].map((message: Row) => message["content"]),
        ["One?", "One.", "A door in the sea.", "Help me."],
      );
    }
  });

  test("a long text is summarised when it comes, all of it", async () => {
    for (const [chapter, last] of [...CHAPTERS, [chapterOf("Slowly, she went. ", "It was Oda.", 150_000), "It was Oda."] as const]) {
      await postponeOthers(target());
      const user = newUser();
      const { session_id } = await say(target(), user, chapter, "Scene four is thin.", {
        history_budget_tokens: BUDGET_TOKENS,
      });
      let read = "";
      let previous: string | null = null;
      for (let piece = 1; ; piece += 1) {
        const task = (await claim(target(), {}))!;
        assert.equal(task["session_id"], session_id);
        assert.equal(task["previous_summary"], previous);
        for (const { content } of task["messages"]) {
          assert.ok(bytes(content) <= 65_536);
          read += content;
        }
        previous = `Piece ${piece}.`;
        const { job_status } = await commit(target(), task, previous);
        if (job_status === "done") break;
        assert.equal((await target().select("session_summaries", { session_id })).length, 0);
      }
      assert.equal(read, chapter);
      assert.ok(read.endsWith(last));
      const turn = await begin(target(), user, { session_id, history_budget_tokens: BUDGET_TOKENS });
      assert.equal(turn["summary"], previous);
    }
  });

  test("history never takes more than its budget, whatever was said", async () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const words = ["lamp ", "Leuchtturm ", "лампа ", "灯", "🦊 ", "\n\n"];
    const textOf = (size: number) => {
      let text = "";
      while (bytes(text) < size) text += words[random(words.length)];
      return text.trim() || "x";
    };
    for (let round = 0; round < 6; round += 1) {
      const user = newUser();
      let session_id: unknown = null;
      for (let turns = 0; turns < 6; turns += 1) {
        const history_budget_tokens = 1100 + random(6000);
        const text = textOf(1 + random(random(3) === 0 ? 60_000 : 600));
        const turn = await begin(target(), user, { session_id, text, history_budget_tokens });
        session_id = turn["session_id"];
        const sent = [...turn["history"], { content: turn["text"] ?? text }];
        assert.ok(
          tokensOf(sent) <= history_budget_tokens,
          `${tokensOf(sent)} tokens in a budget of ${history_budget_tokens}`,
        );
        await finish(target(), turn, { text: textOf(1 + random(random(4) === 0 ? 30_000 : 400)) });
        const told = await context(target(), user, turn["message_id"]);
        assert.deepEqual(
          told["messages"].map(({ role, content }: Row) => ({ role, content })),
          [...turn["history"], { role: "user", content: turn["text"] ?? text }],
        );
      }
    }
  });

  test("a turn that failed without a word runs again under its key, on the same message", async () => {
    for (const status of ["failed", "disconnected", "interrupted"]) {
      const user = newUser();
      const request = { idempotency_key: `k ${status}`, request_hash: newRequestHash(), text: "The keeper opens the door." };
      const first = await begin(target(), user, request);
      await finish(target(), first, { status, text: "", usage: null, error_code: "provider_error" });
      const again = await begin(target(), user, request);
      assert.equal(again["replayed"], false);
      for (const id of ["session_id", "user_message_id", "project_id"]) assert.equal(again[id], first[id]);
      await finish(target(), again, { text: "Behind it, rain." });
      const replay = await begin(target(), user, request);
      assert.deepEqual([replay["replayed"], replay["status"]], [true, "complete"]);
      const messages = await target().select("messages", { session_id: first["session_id"] });
      assert.equal(messages.length, 2, "nothing is doubled");
    }
  });

  test("so does a take; but neither a turn that was cancelled or has said something, nor an old one", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.");
    const { session_id, message_id } = one;
    const take = { action: "regenerate", session_id: null, message_id, idempotency_key: "take", request_hash: newRequestHash(), text: null };
    const first = await begin(target(), user, take);
    await finish(target(), first, { status: "failed", text: "" });
    const again = await begin(target(), user, take);
    assert.equal(again["replayed"], false);
    await finish(target(), again, { text: "Uno." });

    for (const [key, changes] of [
      ["cancelled", { status: "stopped", text: "" }],
      ["spoken", { status: "failed", text: "There was" }],
    ] as const) {
      const request = { session_id, idempotency_key: key, request_hash: newRequestHash() };
      await finish(target(), await begin(target(), user, request), changes);
      const replay = await begin(target(), user, request);
      assert.deepEqual([replay["replayed"], replay["status"]], [true, changes.status]);
    }
    const old = { session_id, idempotency_key: "old", request_hash: newRequestHash() };
    await finish(target(), await begin(target(), user, old), { status: "failed", text: "" });
    await say(target(), user, "Otherwise?", "Yes.", { session_id });
    const replay = await begin(target(), user, old);
    assert.deepEqual([replay["replayed"], replay["status"]], [true, "failed"]);
  });

  test("a model that went on in its own words was sent no instruction", async () => {
    const user = newUser();
    const { message_id } = await say(target(), user, "One?", "One, and");
    for (const [instruction_sent, instructions] of [[false, []], [true, ["Go on."]]] as const) {
      const turn = await target().call("begin_turn", {
        principal: user, kind: "chat", action: "continue", message_id, instruction: "Go on.",
        history_budget_tokens: 3000,
      });
      await finish(target(), turn, { from_offset: turn["base_bytes"], text: " two.", instruction_sent });
      const told = await context(target(), user, turn["message_id"]);
      assert.deepEqual(
        told["messages"].map((message: Row) => message["content"]),
        ["One?", "One, and", ...instructions],
      );
    }
  });
}
