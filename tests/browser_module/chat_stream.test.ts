import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../browser/browser.ts";
import { decodeInPage, type CutStream } from "./decode_in_page.ts";
import { openLoadedPage } from "./module_page.ts";
import { randomNumbers, tellSeed } from "../random_numbers.ts";
import { randomCuts, randomStream } from "./random_streams.ts";
import { decodeReference, type Decoded } from "./reference.ts";

const SEED = Number(process.env["SEED"] ?? 1);
tellSeed(`SEED=${SEED}`);
const CASES = 1_000;
const CASES_AT_ONCE = 100;

let browser: Browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

const whole = (text: string): CutStream => {
  const bytes = Buffer.from(text);
  return { bytes, lengths: [bytes.length] };
};
const textFrame = (id: number, content: string) =>
  `id: ${id}\ndata: ${JSON.stringify({ type: "text", content })}\n\n`;

test(`${CASES} streams cut anywhere, against the reference (SEED=${SEED})`, async (context) => {
  const story = await openLoadedPage(context, browser);
  const streams = Array.from({ length: CASES }, (_, index): CutStream => {
    const random = randomNumbers(SEED * 1_000_003 + index);
    const bytes = randomStream(random);
    return { bytes, lengths: randomCuts(random, bytes.length) };
  });
  const decoded: Decoded[] = [];
  for (let at = 0; at < CASES; at += CASES_AT_ONCE) {
    decoded.push(...(await decodeInPage(story.page, streams.slice(at, at + CASES_AT_ONCE))));
  }
  streams.forEach(({ bytes, lengths }, index) => {
    const text = JSON.stringify(Buffer.from(bytes).toString());
    const name = `case ${index}, pieces of ${lengths.join(" ")} bytes: ${text}`;
    assert.deepEqual(decoded[index], decodeReference(bytes), name);
  });
  // The cases are of all kinds.
  const count = (holds: (one: Decoded) => boolean) => decoded.filter(holds).length;
  const endsWith = (code: string) => (one: Decoded) => {
    const last = one.events.at(-1);
    return last?.type === "error" && last.error.code === code;
  };
  assert.ok(count((it) => it.events.at(-1)?.type === "done") > 200);
  assert.ok(count((it) => !it.isOver) > 100);
  assert.ok(count(endsWith("provider_timeout")) > 50);
  assert.ok(count(endsWith("unreadable_stream")) > 50);
  story.assertNoErrors();
});

test("an unreadable frame ends the stream; the one before it is resumed from", async (context) => {
  const { page } = await openLoadedPage(context, browser);
  const [decoded] = await decodeInPage(page, [
    whole(textFrame(2, "é") + 'id: 9\ndata: {"type":"text"}\n\n' + textFrame(10, "more")),
  ]);
  const message = "The answer cannot be read.";
  const error = { code: "unreadable_stream", message, retryable: true };
  assert.deepEqual(decoded, {
    events: [
      { type: "text", content: "é", id: "2" },
      { type: "error", error, id: "2" },
    ],
    lastId: "2",
    isOver: true,
  });
});

test("an event over 1 MiB ends the stream after what came before it", async (context) => {
  const { page } = await openLoadedPage(context, browser);
  const large = textFrame(1, "before") + textFrame(2, "x".repeat(1 << 20));
  const [decoded] = await decodeInPage(page, [whole(large)]);
  const message = "An event of the answer is too large.";
  const error = { code: "unreadable_stream", message, retryable: true };
  assert.deepEqual(decoded?.events, [
    { type: "text", content: "before", id: "1" },
    { type: "error", error, id: "1" },
  ]);
});

test("a piece far larger than what the core takes at once gives every event", async (context) => {
  const { page } = await openLoadedPage(context, browser);
  const frames = Array.from({ length: 10_000 }, (_, id) => textFrame(id, `字${id}`)).join("");
  const stream = whole(`${frames}data: {"type":"done"}\n\n`);
  const [decoded] = await decodeInPage(page, [stream]);
  assert.equal(decoded?.events.length, 10_001);
  assert.deepEqual(decoded, decodeReference(stream.bytes));
});

test("two streams at once know nothing of each other", async (context) => {
  const { page } = await openLoadedPage(context, browser);
  const frames = [textFrame(1, "one"), textFrame(2, "two")];
  const halves = frames.map((it) => [it.slice(0, 20), it.slice(20)]);
  const contents = await page.evaluate((given) => {
    const encoder = new TextEncoder();
    const streams = given.map(() => window.fabula.openChatStream());
    for (const half of [0, 1]) {
      const events = streams.map((it, index) => it.feed(encoder.encode(given[index]![half])));
      if (half === 1) return events;
    }
    return [];
  }, halves);
  assert.deepEqual(contents, [
    [{ type: "text", content: "one", id: "1" }],
    [{ type: "text", content: "two", id: "2" }],
  ]);
});

// Eight times the memory that the module may have.
for (const end of ["disposed", "over"]) {
  test(`a stream that is ${end} has given its memory back`, async (context) => {
    const story = await openLoadedPage(context, browser);
    await story.page.evaluate((how) => {
      const encoder = new TextEncoder();
      const half = encoder.encode(`data: ${"x".repeat(60_000)}`);
      const done = encoder.encode('\n\ndata: {"type":"done"}\n\n');
      const comment = encoder.encode(`: ${"x".repeat(60_000)}`);
      for (let round = 0; round < 2_200; round += 1) {
        const stream = window.fabula.openChatStream();
        stream.feed(how === "over" ? comment : half);
        if (how === "over") stream.feed(done);
        else stream.dispose();
      }
    }, end);
    story.assertNoErrors();
  });
}

test("a disposed stream says so when it is fed; disposing twice is nothing", async (context) => {
  const { page } = await openLoadedPage(context, browser);
  const message = await page.evaluate(() => {
    const stream = window.fabula.openChatStream();
    stream.dispose();
    stream.dispose();
    try {
      stream.feed(new Uint8Array(1));
    } catch (error) {
      return String(error);
    }
    return "nothing was thrown";
  });
  assert.equal(message, "Error: this ChatStream has been disposed");
});
