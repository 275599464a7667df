// A conversation of 500 turns with a companion: each prompt within its budget; a fact of turn 3 is in the
// prompt of turn 480 and not before it matters, its correction at turn 200 counts from then on, and its
// deletion at turn 400 is final.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Row } from "./backend.ts";
import { Remembering } from "./remembering.ts";
import { onEachRuntime } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";

const TURNS = 500;
const HISTORY_TOKENS = 2000;
// The same as private.estimate_tokens.
const tokensOf = (text: string) => Math.ceil(Buffer.byteLength(text) / 4) + 4;

// The parts of a system prompt, after the character's.
const MEMORIES = "\n\nWhat you remember of the user";
const SUMMARY = "\n\n# What happened earlier";

const SUBJECTS = ["garden", "kitchen", "train", "novel", "guitar", "mountain", "river", "market"];

onEachRuntime(
  "long conversations",
  (stack) => {
    let ana: Person;
    before(async () => {
      ana = await signUp(stack());
    });

    test(`${TURNS} turns`, { timeout: 900_000 }, async () => {
      const upstream = new Remembering(stack().backend.model);
      // The summaries contain everything that was said, so that forgotten facts could return through them.
      upstream.summary = (question) =>
        [...question.matchAll(/(cousin|brother)[^.]*\./g)].map(([said]) => said).join(" ") || "They talked.";
      const api = async (method: string, path: string, body?: object, token = ana.token): Promise<any> => {
        const response = await fetch(`${stack().url}/functions/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
          ...(body && { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
        return JSON.parse(text);
      };
      const { character_id } = await api("POST", "/companion/characters", { name: "Mara" });
      const list = `/companion/characters/${character_id}/memories`;
      const work = async () => {
        for (let round = 0; round < 3; round += 1) {
          const headers = { apikey: stack().backend.keys.secretKey };
          const ran = await fetch(`${stack().url}/functions/v1/tasks/run`, { method: "POST", headers });
          assert.equal(ran.status, 200, await ran.text());
        }
      };
      const name = (of: string) => `my cousin's name is ${of}`;
      const fact = (of: string) => `The user's cousin is called ${of}.`;
      upstream.knows(name("Ludovika"), { text: fact("Ludovika"), quote: name("Ludovika") });
      upstream.knows(name("Theodora"), {
        text: fact("Theodora"),
        quote: name("Theodora"),
        replaces: fact("Ludovika"),
      });
      const brother = "my brother Konrad repairs violins";
      upstream.knows(brother, { text: "The user's brother Konrad repairs violins.", quote: brother });

      let conversation_id: string | undefined;
      const told = new Map<number, string>();
      for (let turn = 1; turn <= TURNS; turn += 1) {
        const subject = SUBJECTS[turn % SUBJECTS.length];
        let text = `Thought ${turn} about the ${subject}: it went on, and nobody minded.`;
        if (turn === 3) text = `You know, ${name("Ludovika")}. And ${brother}.`;
        if (turn === 190) text = "What shall I give to my cousin?";
        if (turn === 200) text = `I was wrong: ${name("Theodora")}.`;
        if ([210, 399, 401, 450, 490].includes(turn)) text = `Turn ${turn}: who is my cousin?`;
        if (turn === 420) text = `I repeat it, ${name("Theodora")}.`;
        if (turn === 480) text = "Whom could I ask to repair a violin?";
        const reply: Row = await api("POST", "/companion/chat", {
          messages: [{ role: "user", content: text }],
          character_id,
          ...(conversation_id && { conversation_id }),
        });
        conversation_id = reply["conversation_id"];
        const prompt = upstream.prompts.at(-1)!;
        assert.equal(prompt.at(-1)!.content, text);
        const [system, ...rest] = prompt;
        assert.equal(system!.role, "system");
        // The persona's own prompt is outside the budget; memories, summary and history are within it.
        const persona = system!.content.split(MEMORIES)[0]!.split(SUMMARY)[0]!;
        const tokens =
          rest.reduce((sum, message) => sum + tokensOf(message.content), 0)
          + tokensOf(system!.content.slice(persona.length));
        assert.ok(tokens <= HISTORY_TOKENS + 50, `turn ${turn}: ${tokens} tokens`);
        told.set(turn, system!.content);
        if (turn === 400) {
          const [memory] = (await api("GET", `${list}?limit=100`)).filter(
            (known: Row) => known["text"] === fact("Theodora"),
          );
          await api("DELETE", `${list}/${memory["memory_id"]}`);
        }
        if (turn % 5 === 0 || turn === 3) await work();
      }
      assert.ok(upstream.summarised.length > 5, `${upstream.summarised.length} summaries`);
      const remembered = (turn: number) => (told.get(turn)!.split(MEMORIES)[1] ?? "").split(SUMMARY)[0]!;
      for (let turn = 1; turn <= TURNS; turn += 1) {
        const said = remembered(turn);
        assert.equal(said.includes("violins"), turn === 480, `violins at turn ${turn}`);
        const cousin = said.match(/cousin is called (\w+)/)?.[1];
        const expected = turn === 190 ? "Ludovika" : [210, 399].includes(turn) ? "Theodora" : undefined;
        // The words of the correction itself recall the corrected memory.
        if (turn !== 200) assert.equal(cousin, expected, `cousin at turn ${turn}`);
        // The summary does not contain it either, once the work after the deletion is done.
        if (turn > 410) {
          assert.doesNotMatch(told.get(turn)!, /Ludovika|Theodora/, `turn ${turn}`);
        }
      }
      const texts = (await api("GET", `${list}?limit=100`)).map((memory: Row) => memory["text"]);
      assert.deepEqual(texts, ["The user's brother Konrad repairs violins."]);
    });
  },
  { settings: () => ({ FABULA_HISTORY_TOKENS: `${HISTORY_TOKENS}`, FABULA_RATE_LIMITS: "companion=off" }), onPostgres: true },
);
