// Pictures of scenes for a plain client: from each provider's images API, in the embedded Storage, behind
// signed URLs, until they are deleted.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "./backend.ts";
import { PNG } from "./scripted_model.ts";
import { onEachRuntime } from "./stack.ts";
import { ask, follow } from "./story.ts";
import { signUp } from "./supabase.ts";
import { until } from "./wait.ts";

const settings = (_origin: string, modelOrigin: string) => ({
  MODEL_IMAGE: "openai:gpt-image-1,gemini:gemini-2.5-flash-image,hf:black-forest-labs/FLUX.1-schnell",
  OPENAI_BASE_URL: `${modelOrigin}/v1`,
  OPENAI_API_KEY: "sk-openai-test",
  GEMINI_BASE_URL: `${modelOrigin}/v1beta`,
  GEMINI_API_KEY: "gemini-test",
  HF_BASE_URL: `${modelOrigin}/v1`,
  HF_TOKEN: "hf-test",
});

const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from("a picture, as far as it is looked at")]);
const WEBP = Buffer.concat([Buffer.from("RIFF\x20\0\0\0WEBPVP8 ", "latin1"), Buffer.alloc(16, 7)]);

onEachRuntime(
  "illustrations",
  (stack) => {
    let round = 0;
    const words = (text: string) => `${text} (${stack().runtime}, ${round})`;
    const model = () => stack().backend.model;

    const runTasks = async (...kinds: string[]): Promise<void> => {
      await fetch(`${stack().url}/functions/v1/tasks/run`, {
        method: "POST",
        headers: { apikey: stack().backend.keys.secretKey, "content-type": "application/json" },
        body: JSON.stringify({ kinds }),
      });
    };

    /** A story with these prompts of pictures, and its scenes. */
    async function outlined(token: string, prompts: string[]): Promise<{ project_id: string; scenes: Row[] }> {
      const outline = Array.from({ length: 5 }, (_, at) => ({
        number: at + 1,
        title: `Scene ${at + 1}`,
        description: "The keeper lights the lamp.",
        ...(prompts[at] && { image_prompt: prompts[at] }),
      }));
      const body = { premise: words("A lamp."), outline };
      const begun = await ask(stack(), "POST", "generate-full", token, body);
      assert.equal(begun.status, 202, JSON.stringify(begun.body));
      const { task_id, project_id } = begun.body;
      await ask(stack(), "POST", `task/${task_id}/cancel`, token);
      const { body: story } = await ask(stack(), "GET", `projects/${project_id}`, token);
      return { project_id, scenes: story["scenes"] };
    }

    const read = async (project_id: string, token: string): Promise<Row[]> => {
      const { status, body } = await ask(stack(), "GET", `illustrations/${project_id}`, token);
      assert.equal(status, 200, JSON.stringify(body));
      return body as Row[];
    };

    async function ended(task_id: string, token: string): Promise<Row> {
      return until("the end of the task", async () => {
        const { body } = await ask(stack(), "GET", `task/${task_id}/status`, token);
        return ["completed", "failed"].includes(body["status"]) && body;
      });
    }

    test("each provider's picture is drawn, kept, read by its signed address and deleted", async () => {
      round += 1;
      const { token } = await signUp(stack());
      const prompts = ["A lamp at dusk", "A boat in fog", "A door in the sea"].map(words);
      model().script(prompts[0]!, (reply) => reply.tellPicture());
      // OpenAI's answer is no picture: the next model is asked.
      model().script(prompts[1]!, (reply) =>
        reply.request.model === "gpt-image-1"
          ? reply.refuse(400, JSON.stringify({ error: { message: "no", type: "invalid_request_error" } }))
          : reply.tellJson({
              candidates: [{
                content: {
                  role: "model",
                  parts: [{ text: "Here:" }, { inlineData: { mimeType: "image/jpeg", data: JPEG.toString("base64") } }],
                },
                finishReason: "STOP",
              }],
              usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 1290 },
            }));
      model().script(prompts[2]!, (reply) =>
        reply.request.model === undefined
          ? reply.tellBytes(WEBP, "image/webp")
          : reply.refuse(400, JSON.stringify({ error: { message: "no", code: 400 } })));
      const { project_id } = await outlined(token, prompts);

      const begun = await ask(stack(), "POST", "illustrations", token, { project_id });
      assert.equal(begun.status, 202, JSON.stringify(begun.body));
      const { task_id, status_url, status } = begun.body;
      assert.deepEqual([status, status_url], ["pending", `${stack().url}/functions/v1/story/task/${task_id}/status`]);
      await runTasks("story_illustrations");
      const events = await follow(stack(), task_id, token);
      assert.equal(events.at(-1)!.type, "done", JSON.stringify(events.at(-1)));
      assert.equal((await ended(task_id, token))["status"], "completed");
      const { body: result } = await ask(stack(), "GET", `task/${task_id}/result`, token);
      assert.deepEqual(result["illustrations"].map((one: Row) => one["number"]), [1, 2, 3]);

      const pictures = await read(project_id, token);
      assert.deepEqual(pictures.map((one) => one["image_prompt"]), prompts);
      assert.deepEqual(pictures.map((one) => one["media_type"]), ["image/png", "image/jpeg", "image/webp"]);
      for (const [at, bytes] of [PNG, JPEG, WEBP].entries()) {
        const { url, expires_at, object_path } = pictures[at]!;
        assert.equal(object_path, undefined);
        const left = Date.parse(expires_at) - Date.now();
        assert.ok(left > 50 * 60_000 && left <= 60 * 60_000, expires_at);
        const file = await fetch(url);
        assert.equal(file.status, 200, url);
        // Its type is not checked: the embedded Storage derives it only from the name's extension.
        assert.deepEqual(Buffer.from(await file.arrayBuffer()), bytes);
        const unsigned = await fetch(url.replace(/\?.*/, "").replace("/object/sign/", "/object/public/"));
        assert.notEqual(unsigned.status, 200);
      }
      const asked = model().replies(prompts[0]!)[0]!;
      assert.equal(asked.authorization, "Bearer sk-openai-test");
      assert.deepEqual(
        { ...asked.request, messages: undefined },
        { model: "gpt-image-1", prompt: prompts[0], n: 1, size: "1024x1024", output_format: "jpeg", messages: undefined },
      );

      const calls = await stack().backend.rows("model_calls", { job_id: task_id });
      assert.deepEqual(
        calls.map(({ provider, status }) => `${provider} ${status}`).sort(),
        ["gemini complete", "gemini failed", "hf complete", "openai complete", "openai failed", "openai failed"],
      );
      const [share] = await stack().backend.rows("plan_shares", { source_id: task_id });
      assert.deepEqual([share!["used_images"], share!["used_calls"]], [3, 6]);

      const drawnAll = await ask(stack(), "POST", "illustrations", token, { project_id });
      assert.equal(drawnAll.status, 422);
      const gone = await ask(stack(), "DELETE", `illustrations/${project_id}/${pictures[0]!["scene_id"]}`, token);
      assert.equal(gone.status, 200);
      assert.equal((await read(project_id, token)).length, 2);
      await fetch(`${stack().url}/functions/v1/projects/${project_id}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${token}` },
      });
      await until("the files' end", async () => {
        await runTasks("conversation_snapshot");
        const files = await Promise.all(pictures.map(({ url }) => fetch(url)));
        return files.every(({ ok }) => !ok);
      });
      assert.deepEqual(await stack().backend.rows("deleted_illustrations"), []);
    });

    test("what is no picture is not kept, and keeps no other scene from being drawn", async () => {
      round += 1;
      const { token } = await signUp(stack());
      const prompts = ["A page of HTML", "A gate"].map(words);
      model().script(prompts[0]!, (reply) => reply.tellBytes(Buffer.from("<html>Not a picture</html>"), "image/png"));
      model().script(prompts[1]!, (reply) => reply.tellJson({ data: [{ b64_json: PNG.toString("base64") }] }));
      const { project_id } = await outlined(token, prompts);
      const { body } = await ask(stack(), "POST", "illustrations", token, { project_id });
      const numbers = await until("the other picture", async () => {
        await runTasks("story_illustrations");
        const pictures = await read(project_id, token);
        return pictures.length > 0 && pictures.map((one) => one["number"]);
      });
      assert.deepEqual(numbers, [2]);
      const again = await ask(stack(), "POST", "illustrations", token, { project_id });
      assert.equal(again.body["code"], "story_in_progress");
      const cancelled = await ask(stack(), "POST", `task/${body["task_id"]}/cancel`, token);
      assert.equal(cancelled.body["status"], "cancelled");
    });
  },
  { settings },
);
