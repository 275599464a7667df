// A model's actions in a live conversation besides talking: it reads the dossier, proposes changes to it,
// and calls the operator's tools; and the modes that choose among these.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Row } from "./backend.ts";
import { EventReader } from "./chat.ts";
import type { Reply } from "./scripted_model.ts";
import { PROTOCOL, SocketClient } from "./socket.ts";
import { onEachRuntime } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";
import { until } from "./wait.ts";

const MODES = {
  plot: { prompt: "You plan plots.", tools: ["look_up_character", "dice"], keywords: ["plot"] },
};

let dice: Server;
const diceCalls: { body: string; key: string | undefined }[] = [];
const dicePort = () => (dice.address() as AddressInfo).port;

before(async () => {
  dice = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    diceCalls.push({ body, key: request.headers["x-key"] as string | undefined });
    response.end("A six.");
  }).listen(0, "127.0.0.1");
  await once(dice, "listening");
});
after(() => dice.close());

const settings = () => ({
  FABULA_UPSTREAM_HOSTS: `127.0.0.1:${dicePort()}`,
  FABULA_MODES: JSON.stringify(MODES),
  FABULA_TOOLS: JSON.stringify([
    {
      name: "dice",
      description: "Rolls dice.",
      url: `http://127.0.0.1:${dicePort()}/dice`,
      parameters: { type: "object", properties: { sides: { type: "integer" } } },
      headers: { "x-key": "secret" },
    },
  ]),
});

interface Asked {
  messages: { role: string; content: string }[];
  tools?: { function: { name: string } }[];
}
const asked = (reply: Reply): Asked => reply.request as unknown as Asked;
const toolNames = (reply: Reply) => (asked(reply).tools ?? []).map((tool) => tool.function.name);

onEachRuntime("tools of live conversations", (stack) => {
  let person: Person;
  before(async () => {
    person = await signUp(stack());
  });

  const model = () => stack().backend.model;
  const words = (text: string) => `${text} (${stack().runtime})`;
  async function api(method: string, path: string, body?: object): Promise<any> {
    const response = await fetch(`${stack().url}/functions/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${person.token}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
  /** A model that answers this prompt with a call, and the call's result with these words. */
  function callsOnce(prompt: string, name: string, args: object, last: string): Promise<Reply> {
    let isAsked!: (reply: Reply) => void;
    const second = new Promise<Reply>((resolve) => (isAsked = resolve));
    model().script(prompt, (reply) => {
      reply.part({ call: { id: "call_a", name, pieces: [JSON.stringify(args)] } });
      reply.conclude({ reason: "tool_calls", input: 11, output: 7 });
    });
    model().scriptOthers((reply) => {
      isAsked(reply);
      reply.text(last);
      reply.finish();
    });
    return second;
  }
  async function story(name: string): Promise<string> {
    const made = await api("POST", "/projects", { name });
    return (made["project_id"] ?? made["id"]) as string;
  }
  const connect = (name: string, projectId?: string) =>
    SocketClient.open(stack(), name, {
      token: person.token,
      protocols: [PROTOCOL],
      ...(projectId && { query: `?project_id=${projectId}` }),
    });
  async function toolEvents(name: string): Promise<Row[]> {
    const events: Row[] = await api("GET", `/realtime/sessions/${name}/events`);
    return events.filter(({ type }) => type === "tool_call" || type === "tool_result");
  }

  test("a proposed change of the dossier counts when the person accepts it, and not before", async () => {
    const projectId = await story(words("The lighthouse"));
    const name = randomUUID();
    const prompt = words("Mara is 34.");
    const nothing = {
      locations: [], objects: [], themes: [], plot_points: [], open_questions: [],
      story: [], renames: [], retractions: [],
    };
    const mara = {
      characters: [
        {
          name: "Mara", aliases: [], quote: "Mara", relationships: [],
          fields: [{ field: "age", value: "34", quote: "is 34", corrects: "" }],
        },
      ],
      ...nothing,
    };
    const second = callsOnce(prompt, "propose_dossier_change", mara, "Shall I note it?");
    const client = await connect(name, projectId);
    client.say("m1", prompt);
    assert.equal((await client.told("done", "m1"))["finish_reason"], "stop");
    assert.deepEqual(toolNames((await model().reply(prompt))), [
      "read_dossier", "look_up_character", "propose_dossier_change", "dice",
    ]);
    assert.match(asked(await second).messages.at(-1)!.content, /^Proposed, for the person/);
    assert.equal(client.reply("m1"), "Shall I note it?");

    const characters = async () => (await api("GET", `/dossier/${projectId}`))["snapshot_json"]["characters"];
    assert.deepEqual(await characters(), []);
    const proposals: Row[] = await api("GET", `/dossier/${projectId}/proposals`);
    assert.equal(proposals.length, 1);
    await api("POST", `/dossier/${projectId}/proposals/${proposals[0]!["id"]}/accept`);
    const [accepted] = await characters();
    assert.deepEqual([accepted["name"], accepted["age"]], ["Mara", "34"]);

    const events = await toolEvents(name);
    assert.deepEqual(
      events.map(({ role, type, metadata }) => [role, type, metadata["name"], metadata["call_id"]]),
      [
        ["assistant", "tool_call", "propose_dossier_change", "call_a"],
        ["tool", "tool_result", "propose_dossier_change", "call_a"],
      ],
    );
    await client.leave();

    // Accepted facts can be looked up, in another session of the story.
    const question = words("Who is Mara?");
    const answer = callsOnce(question, "look_up_character", { name: "mara" }, "She is 34.");
    const other = await connect(randomUUID(), projectId);
    other.say("m1", question);
    await other.told("done", "m1");
    const [found] = JSON.parse(asked(await answer).messages.at(-1)!.content) as Row[];
    assert.deepEqual([found!["name"], found!["age"]], ["Mara", "34"]);
    await other.leave();
  });

  test("the operator's tool is asked, and its call and result are events of the log", async () => {
    const name = randomUUID();
    const prompt = words("Roll a die.");
    const second = callsOnce(prompt, "dice", { sides: 6 }, "You rolled a six.");
    const client = await connect(name);
    client.say("m1", prompt);
    await client.told("done", "m1");
    assert.deepEqual(diceCalls.pop(), { body: '{"sides":6}', key: "secret" });
    assert.equal(asked(await second).messages.at(-1)!.content, "A six.");
    assert.equal((await client.told("tool_result", "m1"))["content"], "A six.");
    const events = await toolEvents(name);
    assert.deepEqual(
      events.map(({ type, content }) => [type, content]),
      [["tool_call", '{"sides":6}'], ["tool_result", "A six."]],
    );
    const all = await until("the reply's event", async () => {
      const found: Row[] = await api("GET", `/realtime/sessions/${name}/events`);
      return found.length === 4 && found;
    });
    assert.deepEqual(all.map(({ type }) => type), ["message", "tool_call", "tool_result", "message"]);
    assert.ok(!JSON.stringify(all).includes("secret"));
    await client.leave();
  });

  test("another take of a reply in a mode is asked for with the mode's prompt, and the dossier", async () => {
    const projectId = await story(words("The harbour"));
    await api("PATCH", `/dossier/${projectId}`, {
      snapshot_json: { characters: [{ name: "Tom", age: "40" }] },
    });
    const prompt = words("A plot, please.");
    model().tell(prompt, ["He sails."]);
    const client = await connect(randomUUID(), projectId);
    client.say("m1", prompt);
    const done = await client.told("done", "m1");
    const first = await model().reply(prompt);
    assert.ok(asked(first).messages[0]!.content.startsWith("You plan plots."));
    assert.deepEqual(toolNames(first), ["look_up_character", "dice"]);
    assert.match(JSON.stringify(asked(first).messages), /Tom/);

    const response = await fetch(
      `${stack().url}/functions/v1/chat/messages/${done["message_id"]}/regenerate`,
      { method: "POST", headers: { authorization: `Bearer ${person.token}` } },
    );
    assert.equal(response.status, 200);
    assert.equal((await new EventReader(response).readToEnd()).text, "He sails.");
    const take = model().replies(prompt)[1]!;
    assert.ok(asked(take).messages[0]!.content.startsWith("You plan plots."));
    assert.match(JSON.stringify(asked(take).messages), /Tom/);
    await client.leave();
  });
}, { settings });
