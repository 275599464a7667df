// Co-writing and companion apps: instructions and models of their own, sessions by their own names, takes with
// guidance, and a page that is loaded again while a reply is written.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Row } from "./backend.ts";
import { EventReader, postChat, readEvents, talk } from "./chat.ts";
import { NOTHING_FOUND } from "./extractor.ts";
import type { Reply } from "./scripted_model.ts";
import { onEachRuntime } from "./stack.ts";
import { hs256, userClaims } from "./tokens.ts";

const PROMPT = "You are Клио, a muse.";

onEachRuntime(
  "co-writing",
  (stack) => {
    const model = () => stack().backend.model;
    const newToken = () => hs256(userClaims(randomUUID()), stack().backend.keys.jwtSecret);

    async function request(method: string, path: string, token: string, body?: Row) {
      const response = await fetch(`${stack().url}/functions/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Row };
    }

    /** The prompt for this message; the model answers with the text. */
    function answering(said: string, text: string): Row[] {
      const asked: Row[] = [];
      const script = (reply: Reply) => {
        asked.push(reply.request as unknown as Row);
        reply.text(text);
        reply.finish();
      };
      model().script(said, script);
      return asked;
    }

    test("instructions follow the deployment's prompt, and the context names each part", async () => {
      model().scriptOthers((reply) => (reply.text(NOTHING_FOUND), reply.finish()));
      const token = newToken();
      const project = await request("POST", "/projects", token, {
        name: "Лес", instructions: "Пиши в прошедшем времени.",
      });
      assert.deepEqual([project.status, project.body["instructions"]], [201, "Пиши в прошедшем времени."]);
      const said = `${randomUUID()} Начни.`;
      const asked = answering(said, "Шла лиса.");
      const { project_id } = project.body;
      const { events, sessionId } = await talk(
        stack(), { text: said, project_id, instructions: "你是狐狸。" }, { token });
      const [system] = asked[0]!["messages"];
      assert.equal(system.role, "system");
      assert.ok(
        system.content.startsWith(`${PROMPT}\n\nПиши в прошедшем времени.\n\n你是狐狸。`), system.content);
      const context = await request(
        "GET", `/chat/messages/${events.metadata["message_id"]}/context`, token);
      assert.equal(context.body["system_prompt"], system.content);
      assert.deepEqual(context.body["system_prompt_parts"].slice(0, 3), [
        { part: "prompt", text: PROMPT },
        { part: "project_instructions", text: "Пиши в прошедшем времени." },
        { part: "session_instructions", text: "你是狐狸。" },
      ]);
      const changed = await request("PATCH", `/sessions/${sessionId}`, token, { instructions: null });
      assert.deepEqual([changed.status, changed.body["instructions"]], [200, null]);
      const tooLong = await request("PATCH", `/projects/${project_id}`, token, {
        instructions: "狐".repeat(2731),
      });
      assert.deepEqual([tooLong.status, tooLong.body["errors"][0].path], [422, "instructions"]);
    });

    test("a turn's model, temperature and length come before the session's", async () => {
      const token = newToken();
      const said = `${randomUUID()} Begin.`;
      const asked = answering(said, "Once.");
      const { sessionId, events } = await talk(stack(), { text: said }, { token });
      const path = `/sessions/${sessionId}`;
      const settings = { model: "quiet", temperature: 0.25, max_tokens: 77 };
      const changed = await request("PATCH", path, token, settings);
      assert.equal(changed.status, 200, JSON.stringify(changed.body));
      const { model: name, temperature, max_tokens } = changed.body;
      assert.deepEqual([name, temperature, max_tokens], ["local:quiet", 0.25, 77]);

      const message_id = events.metadata["message_id"];
      const take = `/chat/messages/${message_id}/regenerate`;
      const regenerate = async (body: Row) => {
        const response = await fetch(`${stack().url}/functions/v1${take}`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        });
        assert.equal(response.status, 200);
        return (await readEvents(response)).metadata;
      };
      const own = await regenerate({});
      assert.deepEqual(
        [own["model"], own["temperature"], own["max_tokens"]], ["quiet", 0.25, 77]);
      const chosen = await regenerate({ model: "local:loud", temperature: 2 });
      assert.deepEqual(
        [chosen["model"], chosen["temperature"], chosen["max_tokens"]], ["loud", 2, 77]);
      assert.deepEqual(
        asked.map((each) => [each["model"], each["temperature"], each["max_tokens"] ?? each["max_completion_tokens"]]),
        [["scripted", undefined, 2000], ["quiet", 0.25, 77], ["loud", 2, 77]],
      );
      const messages = await request("GET", `${path}/messages`, token);
      const reply = (messages.body as unknown as Row[]).at(-1)!;
      const { metadata } = reply;
      assert.deepEqual([metadata.model, metadata.temperature, metadata.max_tokens], ["loud", 2, 77]);

      for (const [way, where, body, at] of [
        ["PATCH", path, { model: "openai:gpt-9" }, "model"],
        ["POST", "/chat", { text: said, model: "openai:gpt-9" }, "model"],
        ["POST", take, { model: "nobody" }, "model"],
        ["PATCH", path, { max_tokens: 2001 }, "max_tokens"],
        ["POST", "/chat", { text: said, max_tokens: 2001 }, "max_tokens"],
        ["PATCH", path, { temperature: 2.1 }, "temperature"],
        ["POST", "/chat", { text: said, temperature: "warm" }, "temperature"],
      ] as const) {
        const refused = await request(way, where, token, body);
        assert.equal(refused.status, 422, JSON.stringify(refused.body));
        const [{ path: fault, message }] = refused.body["errors"];
        assert.equal(fault, at);
        if (at === "model") assert.match(message, /: local:scripted, local:quiet, local:loud\.$/);
      }
    });

    test("guidance is at the end of one take's prompt, and no message", async () => {
      const token = newToken();
      const said = `${randomUUID()} Tell.`;
      answering(said, "A fox.");
      const first = await talk(stack(), { text: said }, { token });
      const guidance = `короче, ${randomUUID()}`;
      const asked: Row[] = [];
      model().scriptOthers((reply) => {
        asked.push(reply.request as unknown as Row);
        reply.text("Fox.");
        reply.finish();
      });
      const response = await fetch(
        `${stack().url}/functions/v1/chat/messages/${first.events.metadata["message_id"]}/regenerate`,
        {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ guidance }),
        },
      );
      const take = await readEvents(response);
      assert.equal(take.text, "Fox.");
      assert.equal(take.metadata["guidance"], guidance);
      const last = asked[0]!["messages"].at(-1);
      assert.equal(last.role, "user");
      assert.ok(last.content.startsWith(`${said}\n\n`) && last.content.includes(guidance), last.content);
      const { body } = await request("GET", `/sessions/${first.sessionId}/messages`, token);
      const told = (body as unknown as Row[]).map(({ content, metadata }) => [content, metadata.guidance]);
      assert.deepEqual(told, [[said, undefined], ["Fox.", guidance]]);
      model().scriptOthers((reply) => (reply.text(NOTHING_FOUND), reply.finish()));
    });

    test("a page that is loaded again finds the running reply by its own name of the session", async () => {
      const token = newToken();
      const external_id = `глава ${randomUUID()}`;
      const said = `${randomUUID()} Write.`;
      let goOn = () => {};
      const going = new Promise<void>((resolve) => (goOn = resolve));
      model().script(said, async (reply) => {
        reply.text("Once ");
        await going;
        reply.text("upon.");
        reply.finish();
      });
      const response = await postChat(stack(), { text: said, external_id }, { token });
      assert.equal(response.status, 200);
      const reader = new EventReader(response);
      await reader.readUntil((events) => events.text.startsWith("Once "));
      const busy = await request("POST", "/chat", token, { text: "And?", external_id });
      assert.deepEqual([busy.status, busy.body["code"]], [409, "turn_in_progress"]);

      const found = await request("GET", `/sessions?external_id=${encodeURIComponent(external_id)}`, token);
      const [session] = found.body as unknown as Row[];
      assert.equal(session!["external_id"], external_id);
      assert.deepEqual(busy.body["running"], session!["running"]);
      const { stream_id } = session!["running"];
      assert.equal(stream_id, response.headers.get("x-stream-id"));
      const { body } = await request("GET", `/sessions/${session!["session_id"]}/messages`, token);
      const running = (body as unknown as Row[]).at(-1)!;
      assert.deepEqual(
        [running["message_id"], running["is_complete"], running["metadata"].status],
        [session!["running"].message_id, false, "streaming"],
      );
      const resumed = fetch(`${stack().url}/functions/v1/chat/streams/${stream_id}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      goOn();
      assert.equal((await readEvents(await resumed)).text, "Once upon.");
      await reader.readToEnd();
      const after = await request("GET", `/sessions/${session!["session_id"]}`, token);
      assert.equal(after.body["running"], null);
    });
  },
  {
    settings: () => ({
      FABULA_MODELS: "local:scripted,local:quiet,local:loud",
      FABULA_SYSTEM_PROMPT: PROMPT,
    }),
  },
);
