// A message's attachments reach models of every wire format, from the web and from Storage, and
// nothing is fetched, stored or sent if it may not be read. Tasks choose the models.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Row } from "./backend.ts";
import { postChat, talk } from "./chat.ts";
import { call } from "./people.ts";
import { onEachRuntime, type Stack } from "./stack.ts";
import { makeClient, signUp } from "./supabase.ts";

// A pixel.
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const LARGEST = 3_932_160;

const FILES: Record<string, { type: string; bytes: Buffer | string; status?: number }> = {
  "/a.txt": { type: "text/plain; charset=utf-8", bytes: "The lighthouse is dark." },
  "/a.png": { type: "image/png", bytes: PNG },
  "/largest.png": { type: "image/png", bytes: Buffer.alloc(LARGEST, 0xff) },
  "/larger.png": { type: "image/png", bytes: Buffer.alloc(LARGEST + 1, 0xff) },
  "/long.txt": { type: "text/plain", bytes: "a".repeat(262_145) },
  "/moved.txt": { type: "text/plain", bytes: "", status: 302 },
};

const ANTHROPIC = [
  { type: "message_start", message: { content: [], usage: { input_tokens: 3 } } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "A scene." } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
  { type: "message_stop" },
];
const GEMINI = { candidates: [{ content: { role: "model", parts: [{ text: "A picture." }] }, finishReason: "STOP" }] };

/** Files, and the APIs of Anthropic and Gemini. */
let web: Server;
let webUrl: string;
const asked: { path: string; body: Row }[] = [];
const fetched: string[] = [];

before(async () => {
  web = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const path = request.url!;
      const file = FILES[path];
      if (request.method === "GET") {
        fetched.push(path);
        response.writeHead(file?.status ?? (file ? 200 : 404), {
          "content-type": file?.type ?? "text/plain",
          location: "/a.txt",
        });
        return response.end(file?.bytes);
      }
      asked.push({ path, body: JSON.parse(Buffer.concat(pieces).toString()) as Row });
      response.writeHead(200, { "content-type": "text/event-stream" });
      const events = path.startsWith("/anthropic") ? ANTHROPIC : [GEMINI];
      for (const event of events) {
        response.write(`event: ${"type" in event ? event.type : "message"}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      return response.end();
    });
  });
  web.keepAliveTimeout = 120_000;
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});
after(() => {
  web.close();
  web.closeAllConnections();
});

const settings = () => ({
  FABULA_VISION_MODELS: "local:scripted",
  MODEL_SCENE: "anthropic:claude-sonnet-4-5",
  ANTHROPIC_API_KEY: "simulated",
  ANTHROPIC_BASE_URL: `${webUrl}/anthropic`,
  MODEL_DESCRIPTION: "gemini:gemini-2.0-flash,local:scripted",
  GEMINI_API_KEY: "simulated",
  GEMINI_BASE_URL: `${webUrl}/gemini`,
});

const image = (name: string) => ({ type: "image", url: `${webUrl}/${name}` });

async function refusal(stack: Stack, body: Row, token?: string): Promise<Row> {
  const before = await stack.backend.rows("messages");
  const response = await postChat(stack, body, token === undefined ? {} : { token });
  const told = (await response.json()) as Row;
  assert.deepEqual(await stack.backend.rows("messages"), before, "nothing is stored");
  assert.equal(told["status"], response.status);
  return told;
}

/** The path of a text in its own bucket. */
async function store(stack: Stack, isPublic: boolean): Promise<string> {
  const admin = makeClient(stack, stack.backend.keys.secretKey);
  const bucket = `bucket-${Math.random().toString(36).slice(2)}`;
  const made = await admin.storage.createBucket(bucket, { public: isPublic });
  assert.ifError(made.error);
  const body = Buffer.from("Kept in Storage.");
  const stored = await admin.storage
    .from(bucket)
    .upload("my notes/a.txt", body, { contentType: "text/plain" });
  assert.ifError(stored.error);
  return `${bucket}/my notes/a.txt`;
}

onEachRuntime(
  "attachments",
  (stack) => {
    test("a text and an image are in what the model gets, with each other take again", async () => {
      const model = stack().backend.model;
      model.scriptOthers((reply) => {
        reply.text("I see.");
        reply.finish();
      });
      const text = { type: "text", url: `${webUrl}/a.txt`, name: "notes" };
      const turn = await talk(stack(), { text: "Look at this.", attachments: [text, image("a.png")] });
      const parts = [
        { type: "text", text: '<attachment name="notes">\nThe lighthouse is dark.\n</attachment>' },
        { type: "image_url", image_url: { url: `data:image/png;base64,${PNG.toString("base64")}` } },
        { type: "text", text: "Look at this." },
      ];
      assert.deepEqual(model.newest.request.messages.at(-1)!.content, parts);

      const path = `/chat/messages/${turn.events.metadata["message_id"]}`;
      const again = await fetch(`${stack().url}/functions/v1${path}/regenerate`, {
        method: "POST",
        headers: { authorization: `Bearer ${turn.guestToken}` },
      });
      assert.match(await again.text(), /"done"/);
      assert.deepEqual(model.newest.request.messages.at(-1)!.content, parts);
      const context = await call(stack(), "GET", `${path}/context`, turn.guestToken);
      assert.deepEqual(context["attachments"], [
        { ...text, tokens: 11, text_read: FILES["/a.txt"]!.bytes },
        { ...image("a.png"), tokens: 1000 },
      ]);
    });

    test("a scene is Anthropic's and a description Gemini's, each with the image in its own form", async () => {
      const attachments = [image("a.png")];
      const data = PNG.toString("base64");
      const scene = await talk(stack(), { text: "Write it.", task: "scene", attachments });
      assert.equal(scene.events.text, "A scene.");
      assert.equal(scene.events.metadata["provider"], "anthropic");
      assert.deepEqual(asked.at(-1)!.body["messages"], [
        {
          role: "user",
          content: [
            { type: "image", source: { type: "base64", media_type: "image/png", data } },
            { type: "text", text: "Write it." },
          ],
        },
      ]);
      const token = scene.guestToken;
      const body = { text: "Describe it.", task: "description", session_id: scene.sessionId, attachments };
      const description = await talk(stack(), body, { token });
      assert.equal(description.events.text, "A picture.");
      assert.deepEqual(asked.at(-1)!.body["contents"].at(-1), {
        role: "user",
        parts: [{ inlineData: { mimeType: "image/png", data } }, { text: "Describe it." }],
      });
      assert.notDeepEqual(asked.at(-1)!.body["systemInstruction"], undefined);
    });

    test("an image that the provider fetches itself is passed on as its URL", async () => {
      const url = "https://images.example/a.png";
      const before = fetched.length;
      await talk(stack(), { text: "Write it.", task: "scene", attachments: [{ type: "image", url }] });
      assert.equal(fetched.length, before);
      const [part] = asked.at(-1)!.body["messages"][0].content;
      assert.deepEqual(part, { type: "image", source: { type: "url", url } });
    });

    test("the largest image passes, a larger one and what is no such file is refused", async () => {
      const turn = await talk(stack(), { text: "Write.", task: "scene", attachments: [image("largest.png")] });
      assert.equal(turn.events.text, "A scene.");
      const [part] = asked.at(-1)!.body["messages"][0].content;
      assert.equal(part.source.data.length, (LARGEST / 3) * 4);

      const faults: [Row, RegExp][] = [
        [image("larger.png"), /3,932,160/],
        [image("a.txt"), /no image/],
        [{ ...image("a.png"), type: "text" }, /no text/],
        [{ ...image("long.txt"), type: "text" }, /262,144/],
        [{ ...image("moved.txt"), type: "text" }, /redirects are not followed/],
        [{ ...image("missing.txt"), type: "text" }, /404/],
        [{ type: "text", url: "https://elsewhere.example/a.txt" }, /FABULA_ATTACHMENT_HOSTS/],
        [{ type: "text", url: `${stack().url}/rest/v1/principals` }, /FABULA_ATTACHMENT_HOSTS/],
      ];
      for (const [attachment, words] of faults) {
        const told = await refusal(stack(), { text: "Hi.", attachments: [attachment] });
        assert.equal(told["status"], 422, JSON.stringify(attachment));
        assert.match(told["errors"][0].message, words);
        assert.equal(told["errors"][0].path, "attachments[0].url");
      }
    });

    test("Storage decides who reads what lies there; a signed URL is for everybody", async () => {
      const model = stack().backend.model;
      const { token } = await signUp(stack());
      const open = await store(stack(), true);
      await talk(stack(), { text: "Read.", attachments: [{ type: "text", path: open }] }, { token });
      assert.match(model.newest.request.messages.at(-1)!.content, /Kept in Storage\./);

      const closed = await store(stack(), false);
      const attachments = [{ type: "text", path: closed }];
      const told = await refusal(stack(), { text: "Read.", attachments }, token);
      assert.equal(told["status"], 422);
      assert.equal(told["errors"][0].path, "attachments[0].path");
      const guest = await refusal(stack(), { text: "Read.", attachments });
      assert.equal(guest["status"], 403);
      assert.match(guest["detail"], /signed URL/);

      // Requested directly: the embedded Storage names the URL differently than storage-js expects.
      const signed = await fetch(`${stack().url}/storage/v1/object/sign/${encodeURI(closed)}`, {
        method: "POST",
        headers: { apikey: stack().backend.keys.secretKey, "content-type": "application/json" },
        body: JSON.stringify({ expiresIn: 60 }),
      });
      const url = stack().url + encodeURI(((await signed.json()) as Row)["signedUrl"]);
      await talk(stack(), { text: "Read on.", attachments: [{ type: "text", url }] });
      assert.match(model.newest.request.messages.at(-1)!.content, /Kept in Storage\./);
    });

    test("an unknown task is refused", async () => {
      const told = await refusal(stack(), { text: "Hi.", task: "sing" });
      assert.deepEqual([told["status"], told["errors"][0].path], [422, "task"]);
    });
  },
  { settings },
);

onEachRuntime("models that do not see", (stack) => {
  test("an image is refused, and the model named", async () => {
    const before = fetched.length;
    const told = await refusal(stack(), { text: "Hi.", attachments: [image("a.png")] });
    assert.equal(told["status"], 422);
    assert.match(told["errors"][0].message, /local:scripted, sees no images/);
    assert.equal(fetched.length, before);
  });
});
