// Instructions of projects and sessions, the settings that sessions and turns choose, and
// guidance for another take, in both databases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, context, contents, sent } from "./actions.ts";
import { BOT, newBot, relay } from "./bots.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, messagesOf, newUser, only, refusal, say, type Principal } from "./turns.ts";

const OURS = { system_prompt: "You are Fabula.", prompt: "chat-1" };
const DEPLOYMENT = { settings: { max_output_tokens: 1000 } };

/** Texts of 8,192 bytes, and an addition that makes each one too long. */
const LONGEST = { latin: "a".repeat(8192), cyrillic: "ж".repeat(4096), chinese: `${"狐".repeat(2730)}ab` };

export function describeInstructions(target: () => Target): void {
  const change = async (user: Principal, session_id: unknown, body: Row): Promise<Row> =>
    (await ask(target(), user, "update_session", { session_id, body }))["body"];
  const changeProject = async (user: Principal, project_id: unknown, body: Row): Promise<Row> =>
    (await ask(target(), user, "update_project", { project_id, body }))["body"];

  test("instructions follow our prompt, the project's first, and the context tells them apart", async () => {
    const user = newUser();
    const { session_id, project_id } = await say(target(), user, "Who?", "A fox.", OURS);
    await changeProject(user, project_id, { instructions: "Пиши как Чехов." });
    await change(user, session_id, { instructions: "你是一只狐狸。" });
    const turn = await say(target(), user, "And?", "A crow.", { session_id, ...OURS });
    const told = "You are Fabula.\n\nПиши как Чехов.\n\n你是一只狐狸。";
    assert.equal(turn["system_prompt"], told);
    const kept = await context(target(), user, turn["message_id"]);
    assert.equal(kept["system_prompt"], told);
    assert.deepEqual(kept["system_prompt_parts"], [
      { part: "prompt", text: "You are Fabula." },
      { part: "project_instructions", text: "Пиши как Чехов." },
      { part: "session_instructions", text: "你是一只狐狸。" },
    ]);
    // A later change does not affect the recorded prompt; another session of the project only has the
    // project's instructions.
    await change(user, session_id, { instructions: null });
    assert.deepEqual(await context(target(), user, turn["message_id"]), kept);
    const other = await begin(target(), user, { project_id, ...OURS });
    assert.equal(other["system_prompt"], "You are Fabula.\n\nПиши как Чехов.");
    await changeProject(user, project_id, { instructions: null });
    const plain = await begin(target(), user, { session_id, ...OURS });
    assert.equal("system_prompt" in plain, false, "the edge has our prompt");
  });

  test("a take of a task has the task's prompt and then the instructions", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Paint it.", "Blue.", {
      ...OURS,
      message_metadata: { task: "scene" },
      instructions: "Only fog.",
    });
    const take = await act(target(), user, "regenerate", turn["message_id"], {
      ...OURS,
      task_prompts: { scene: "Write a scene." },
      task_prompt_labels: { scene: "scene-1" },
    });
    assert.equal(take["system_prompt"], "Write a scene.\n\nOnly fog.");
  });

  test("the dossier, memories and a summary are parts of their own", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", "A fox.", {
      ...OURS,
      dossier: true,
      dossier_heading: "\n\nKNOWN\n\n",
      instructions: "Short.",
    });
    const { session_id, project_id } = turn;
    await ask(target(), user, "update_project", { project_id, body: { instructions: "Plain." } });
    const { dossier } = await begin(target(), user, {
      session_id, ...OURS, dossier: true, dossier_heading: "\n\nKNOWN\n\n",
    });
    const [generation] = (await target().select("generations", { session_id, status: "streaming" }));
    const joined = `You are Fabula.\n\nPlain.\n\nShort.${dossier.told}`;
    assert.equal(generation!["system_prompt"], joined);
    const bytes = generation!["prompt_parts"].reduce((sum: number, part: Row) => sum + part["bytes"], 0);
    assert.equal(bytes, Buffer.byteLength(joined));
  });

  test("conversations of other kinds have them too, after their own prompts, and their own settings", async () => {
    const user = newUser();
    const settings = { model: "openai:gpt-x", temperature: 0.7, max_tokens: 500 };
    for (const kind of ["companion", "realtime"]) {
      const own = { kind, system_prompt: "You are a friend." };
      const { session_id } = await say(target(), user, "Hi.", "Hi.", own);
      await change(user, session_id, { instructions: "Rhyme.", ...settings });
      const turn = await begin(target(), user, { session_id, ...own });
      assert.equal(turn["system_prompt"], "You are a friend.\n\nRhyme.", kind);
      assert.deepEqual(turn["chosen"], settings, kind);
    }

    const { bot_id } = await newBot(target(), newUser(), { is_public: true });
    const asked = await say(target(), user, "Hi.", "Hi.", { ...relay, external_id: "7", bot_id });
    await change(user, asked["session_id"], { instructions: "Rhyme.", model: "openai:gpt-x" });
    const again = await say(target(), user, "Hi.", "Hi.", { ...relay, external_id: "7", bot_id });
    assert.equal(again["system_prompt"], `${BOT.system}\n\nRhyme.`);
    // Another's bot keeps its instructions secret, and its model.
    assert.equal((await context(target(), user, again["message_id"]))["system_prompt"], "Rhyme.");
    assert.equal("chosen" in again, false, "the bot has a model of its own");
  });

  test("instructions have at most 8192 bytes of UTF-8, in any language; null removes them", async () => {
    const user = newUser();
    const { session_id, project_id } = await say(target(), user, "Who?", "A fox.");
    for (const longest of Object.values(LONGEST)) {
      assert.equal(Buffer.byteLength(longest), 8192);
      const body = { instructions: longest };
      assert.equal((await change(user, session_id, body))["instructions"], longest);
      assert.equal((await changeProject(user, project_id, body))["instructions"], longest);
      const turn = await begin(target(), newUser(), body);
      const session = await only(target(), "sessions", { session_id: turn["session_id"] });
      assert.equal(session["instructions"], longest);
      const refused = refusal(422, "invalid_request");
      for (const instructions of [`${longest}я`, ""]) {
        await assert.rejects(change(user, session_id, { instructions }), refused);
        await assert.rejects(changeProject(user, project_id, { instructions }), refused);
        await assert.rejects(begin(target(), user, { instructions }), refused);
        await assert.rejects(
          ask(target(), user, "create_project", { body: { name: "P", instructions } }), refused);
      }
    }
    assert.equal((await change(user, session_id, { title: "Fox" }))["instructions"], LONGEST.chinese);
    assert.equal((await change(user, session_id, { instructions: null }))["instructions"], null);
    assert.equal((await changeProject(user, project_id, { instructions: null }))["instructions"], null);
    await assert.rejects(
      begin(target(), user, { session_id, instructions: "Short." }), refusal(422, "invalid_request"));
  });

  test("a turn's settings come before the session's, and these before the deployment's", async () => {
    const user = newUser();
    const { session_id } = await say(target(), user, "Who?", "A fox.", DEPLOYMENT);
    const settings = { model: "openai:gpt-x", temperature: 0.7, max_tokens: 500 };
    const body = await change(user, session_id, settings);
    assert.deepEqual(
      [body["model"], body["temperature"], body["max_tokens"]], ["openai:gpt-x", 0.7, 500]);

    const session = await say(target(), user, "And?", "A crow.", { session_id, ...DEPLOYMENT });
    assert.deepEqual(session["chosen"], settings);
    assert.deepEqual(session["reply_metadata"], { temperature: 0.7, max_tokens: 500 });
    const kept = await context(target(), user, session["message_id"]);
    assert.deepEqual(kept["settings"], { temperature: 0.7, max_output_tokens: 500 });
    const running = await begin(target(), user, { session_id, ...DEPLOYMENT });
    const { generation_id } = running;
    const generation = await only(target(), "generations", { generation_id });
    assert.deepEqual([generation["provider"], generation["model"]], ["openai", "gpt-x"]);
    await finish(target(), running);

    const chosen = { model: "local:other", temperature: 0 };
    const turn = await say(target(), user, "And?", "A hen.", {
      session_id, ...DEPLOYMENT, chosen, model: "other",
    });
    assert.deepEqual(turn["chosen"], { ...chosen, max_tokens: 500 });
    const [reply] = (await messagesOf(target(), turn)).slice(-1);
    assert.deepEqual(
      [reply!["metadata"].temperature, reply!["metadata"].max_tokens, reply!["metadata"].model],
      [0, 500, "a-model"],
    );
    // The deployment's limit may have been lowered since.
    const less = await say(target(), user, "And?", "A cow.", {
      session_id, settings: { max_output_tokens: 100 },
    });
    assert.equal(less["chosen"].max_tokens, 100);
    const none = await change(user, session_id, { model: null, temperature: null, max_tokens: null });
    assert.deepEqual([none["model"], none["temperature"], none["max_tokens"]], [null, null, null]);
    assert.equal("chosen" in (await begin(target(), user, { session_id, ...DEPLOYMENT })), false);
  });

  test("settings that no model could have are refused", async () => {
    const user = newUser();
    const { session_id } = await say(target(), user, "Who?", "A fox.");
    for (const wrong of [
      { temperature: -0.1 }, { temperature: 2.01 }, { temperature: "hot" },
      { max_tokens: 0 }, { max_tokens: 1.5 }, { max_tokens: 3e9 }, { model: "gpt-x" }, { model: "" },
    ]) {
      await assert.rejects(
        change(user, session_id, wrong), refusal(422, "invalid_request"), JSON.stringify(wrong));
    }
    for (const chosen of [{ temperature: 3 }, { max_tokens: -1 }, []]) {
      await assert.rejects(begin(target(), user, { chosen }), refusal(422, "invalid_request"));
    }
    await change(user, session_id, { temperature: 2, max_tokens: 1 });
  });

  test("guidance is for one take, is told in its metadata, and is no message", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Begin.", "Once.");
    const guidance = "короче, и пусть идёт дождь";
    const instruction = `(${guidance})`;
    const take = await act(target(), user, "regenerate", turn["message_id"], { instruction, guidance });
    assert.deepEqual(take["reply_metadata"], { guidance });
    await finish(target(), take, { text: "Twice." });
    const kept = await context(target(), user, take["message_id"]);
    assert.deepEqual(contents(sent(kept)), ["Begin.", instruction]);
    const messages = await messagesOf(target(), turn);
    assert.deepEqual(contents(messages), ["Begin.", "Once.", "Twice."]);
    assert.deepEqual(
      messages.map(({ metadata }) => metadata.guidance), [undefined, undefined, guidance]);
    const next = await begin(target(), user, { session_id: turn["session_id"], text: "On." });
    assert.deepEqual(contents(next["history"]), ["Begin.", "Twice."]);
  });
}
