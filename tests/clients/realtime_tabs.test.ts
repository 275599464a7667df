// One conversation in several places at once: two sockets and a caller over REST.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Row } from "./backend.ts";
import { principalOf, tryTurn } from "./realtime.ts";
import { SocketClient } from "./socket.ts";
import { onEachRuntime } from "./stack.ts";
import { signUp } from "./supabase.ts";
import { makeGate, until } from "./wait.ts";

const SEEN_WHILE_RUNNING_MS = 2_000;

onEachRuntime("a conversation in several tabs", (stack) => {
  const title = (words: string) => `${words} (${stack().runtime})`;
  const eventsOf = async (name: string, token: string): Promise<Row[]> => {
    const events: Row[] = [];
    for (;;) {
      const after = events.at(-1)?.["id"] ?? 0;
      const response = await fetch(
        `${stack().url}/functions/v1/realtime/sessions/${name}/events?limit=100&after=${after}`,
        { headers: { authorization: `Bearer ${token}` } },
      );
      assert.equal(response.status, 200);
      const page = (await response.json()) as Row[];
      events.push(...page);
      if (page.length < 100) return events;
    }
  };

  test("a tab that opens while another's reply runs follows it, and its own message comes after", async (context) => {
    const { token } = await signUp(stack());
    const name = randomUUID();
    const [asked, next] = [title("What does the first tab say?"), title("And the second?")];
    const goesOn = makeGate();
    stack().backend.model.script(asked, async (reply) => {
      reply.text("The first ");
      await goesOn.opened;
      reply.text("tab.");
      reply.finish();
    });
    stack().backend.model.tell(next, ["The second tab."]);
    const first = await SocketClient.open(stack(), name, { token });
    first.say("a1", asked);
    await first.told("token", "a1");
    const second = await SocketClient.open(stack(), name, { token });
    assert.equal(second.of("ready")[0]!["running"], "a1");
    second.say("b1", next);
    await until("the running reply in the second tab", () => second.reply("a1") === "The first ");
    goesOn.open();
    await first.told("done", "a1");
    const endedMs = performance.now();
    await second.told("done", "a1");
    const elapsed_ms = Math.round(performance.now() - endedMs);
    context.diagnostic(`the other tab had the end ${elapsed_ms} ms later`);
    assert.ok(elapsed_ms < SEEN_WHILE_RUNNING_MS, `${elapsed_ms} ms`);
    assert.equal(second.reply("a1"), "The first tab.");
    await second.told("done", "b1");
    assert.equal(second.reply("b1"), "The second tab.");
    for (const tab of [first, second]) await tab.leave();
  });

  test("a tab that sends sees at once what the others have said before", async () => {
    const { token } = await signUp(stack());
    const name = randomUUID();
    const [asked, next] = [title("Said in the first tab."), title("Said in the second tab.")];
    stack().backend.model.tell(asked, ["Heard, first."]);
    stack().backend.model.tell(next, ["Heard, second."]);
    const first = await SocketClient.open(stack(), name, { token });
    const second = await SocketClient.open(stack(), name, { token });
    first.say("a1", asked);
    await first.told("done", "a1");
    assert.deepEqual(second.events, []);
    second.say("b1", next);
    await second.told("done", "b1");
    const events = await until("all four events", () => second.events.length === 4 && second.events);
    assert.deepEqual(events.map(({ content }) => content), [asked, "Heard, first.", next, "Heard, second."]);
    for (const tab of [first, second]) await tab.leave();
  });

  test("two tabs and a caller over REST at once: nothing is lost, doubled or out of order", async () => {
    const { token, id } = await signUp(stack());
    const name = randomUUID();
    const messages = 4;
    const { model } = stack().backend;
    const opening = title("We begin.");
    model.tell(opening, ["Begun."]);
    const tabs = await Promise.all(["a", "b"].map(() => SocketClient.open(stack(), name, { token })));
    tabs[0]!.say("a0", opening);
    await tabs[0]!.told("done", "a0");
    const said = ["a", "b"].map((tab) =>
      Array.from({ length: messages }, (_, number) => title(`Tab ${tab} says number ${number + 1}.`)),
    );
    for (const prompt of said.flat()) model.tell(prompt, [`Heard: ${prompt}`], 20);
    // The third calls the database as a function without a socket does, and comes again when another runs.
    const others = Array.from({ length: messages }, (_, number) => title(`Said over REST, number ${number + 1}.`));
    const session = { principal: principalOf(token, id), session_id: name, connection_id: randomUUID() };
    const rest = (async () => {
      for (const prompt of others) {
        await until(prompt, () => tryTurn(stack(), session, prompt, `Heard: ${prompt}`), 60_000);
      }
    })();
    for (let number = 0; number < messages; number += 1) {
      for (const [at, tab] of tabs.entries()) tab.say(`${"ab"[at]}${number + 1}`, said[at]![number]!);
      await delay(30);
    }
    for (const [at, tab] of tabs.entries()) {
      for (let number = 1; number <= messages; number += 1) {
        const own = `${"ab"[at]}${number}`;
        await tab.told("done", own, 60_000);
        assert.equal(tab.reply(own), `Heard: ${said[at]![number - 1]}`);
      }
    }
    await rest;
    const [row] = await stack().backend.rows("sessions", { external_id: name });
    const stored = await stack().backend.messages(row!["session_id"] as string);
    const questions = stored.filter(({ role }) => role === "user").map(({ content }) => content as string);
    assert.deepEqual([...questions].sort(), [opening, ...said.flat(), ...others].sort(), "each message once");
    for (const own of [...said, others]) {
      assert.deepEqual(questions.filter((one) => own.includes(one)), own, "in the order in which it was said");
    }
    const replies = stored.filter(({ role }) => role === "assistant");
    assert.equal(replies.length, questions.length);
    assert.ok(replies.every(({ status }) => status === "complete"));
    for (const { content, parent_id } of replies) {
      const question = stored.find(({ message_id }) => message_id === parent_id);
      if (question!["content"] !== opening) assert.equal(content, `Heard: ${question!["content"]}`);
    }
    // All three know the same log.
    const log = await eventsOf(name, token);
    assert.deepEqual(
      log.filter(({ role }) => role === "user").map(({ content }) => content),
      questions,
    );
    const newest = log.at(-1)!["id"] as number;
    for (const tab of tabs) {
      tab.say("last", opening);
      await until("the log's end", () => (tab.events.at(-1)?.["id"] ?? 0) >= newest);
      const known = tab.events.filter(({ id }) => id <= newest);
      assert.deepEqual(known.map(({ id, content }) => [id, content]), log.map(({ id, content }) => [id, content]));
      await tab.leave();
    }
  });
});
