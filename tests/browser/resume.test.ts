// Replies without a reader for a while, and messages that failed, on real functions and a real database: the
// page of the development server, and a page of another origin with supabase-js.
import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { Row } from "../clients/backend.ts";
import { makeGate, until } from "../clients/wait.ts";
import { launchBrowser, StoryPage } from "./browser.ts";
import { ElsewherePage, serveElsewhere } from "./elsewhere.ts";
import { LiveServer } from "./live_server.ts";

const DEADLINE_MS = 40_000;

let browser: Browser;
let server: LiveServer;
const ends: (() => unknown)[] = [];
before(async () => {
  browser = await launchBrowser();
  server = await LiveServer.start({ after: (end: () => unknown) => ends.push(end) } as unknown as TestContext);
});
after(async () => {
  await browser.close();
  for (const end of ends) await end();
});

const model = () => server.backend.model;

/** A reply that waits in its middle; the page shows its beginning. */
async function beginReply(story: StoryPage, prompt: string, beginning: string, rest: string) {
  const gate = makeGate();
  model().script(prompt, async (reply) => {
    reply.text(beginning);
    await gate.opened;
    if (reply.isClosed) return;
    reply.text(rest);
    reply.finish();
  });
  await story.send(prompt);
  await story.lastReply().getByText(beginning.trim()).waitFor();
  return gate;
}

async function sessionOf(page: Page): Promise<string> {
  return (await page.locator("#ids dd").first().textContent()) ?? "";
}

async function stored(page: Page): Promise<string[]> {
  const rows: Row[] = await server.backend.messages(await sessionOf(page));
  return rows.map(({ role, content }) => `${role}: ${content}`);
}

const untilText = (page: Page, text: string) =>
  page.locator('.assistant[aria-busy="false"] .text').last().getByText(text, { exact: true }).waitFor();

test("a running reply is read on after a reload, and in another tab, which shows what is said in the first", async (context) => {
  const story = await StoryPage.open(context, browser, server.url);
  const { page } = story;
  const gate = await beginReply(story, "Tell of the door.", "The door ", "stood open.");
  await page.reload();
  await story.lastReply().getByText("The door").waitFor();
  const tab = new StoryPage(await page.context().newPage(), server.url);
  await tab.page.goto(server.url);
  await tab.lastReply().getByText("The door").waitFor();
  assert.equal(await page.locator(".note:visible").count(), 0);
  gate.open();
  for (const each of [page, tab.page]) await untilText(each, "The door stood open.");
  assert.equal(model().replies("Tell of the door.").length, 1);
  assert.deepEqual(await stored(page), ["user: Tell of the door.", "assistant: The door stood open."]);

  const next = await beginReply(story, "And the sea?", "The sea ", "was calm.");
  await tab.lastReply().getByText("The sea").waitFor();
  next.open();
  for (const each of [page, tab.page]) {
    await untilText(each, "The sea was calm.");
    assert.equal(await each.locator(".message").count(), 4);
  }
  assert.equal(model().replies("And the sea?").length, 1);
  story.assertNoErrors();
  tab.assertNoErrors();
});

test("Stop in another tab stops the reply in both, and what was written is kept", async (context) => {
  const story = await StoryPage.open(context, browser, server.url);
  const { page } = story;
  const gate = await beginReply(story, "Tell without end.", "And then ", "never.");
  const tab = new StoryPage(await page.context().newPage(), server.url);
  await tab.page.goto(server.url);
  await tab.lastReply().getByText("And then").waitFor();
  await tab.page.getByRole("button", { name: "Stop" }).click();
  for (const each of [page, tab.page]) await each.locator(".note:visible", { hasText: "Stopped here." }).waitFor();
  const [reply] = model().replies("Tell without end.");
  await until("the model's end", () => reply?.isClosed);
  gate.open();
  assert.deepEqual(await stored(page), ["user: Tell without end.", "assistant: And then "]);
  story.assertNoErrors();
});

test("a failed message is tried again in its place, the newest and an older one", async (context) => {
  const story = await StoryPage.open(context, browser, server.url);
  const { page } = story;
  const failing = (prompt: string) => model().script(prompt, (reply) => reply.refuse(400, '{"error":{"message":"no"}}'));
  failing("Who is Mara?");
  await story.send("Who is Mara?");
  await page.getByRole("alert").waitFor();
  await page.reload();
  model().tell("Who is Mara?", ["A keeper."]);
  await page.getByRole("button", { name: "Try again", exact: true }).click();
  await untilText(page, "A keeper.");
  assert.deepEqual(await stored(page), ["user: Who is Mara?", "assistant: A keeper."]);
  assert.equal(await page.locator(".message").count(), 2);

  failing("Who is Nora?");
  await story.send("Who is Nora?");
  await page.getByRole("alert").waitFor();
  model().tell("Who is Zoë?", ["A fox."]);
  await story.send("Who is Zoë?");
  await untilText(page, "A fox.");
  model().tell("Who is Nora?", ["Her sister."]);
  await page.getByRole("button", { name: "Try again from here" }).click();
  await untilText(page, "Her sister.");
  assert.deepEqual(await page.locator(".message .text").allInnerTexts(), [
    "Who is Mara?",
    "A keeper.",
    "Who is Nora?",
    "Her sister.",
  ]);
  const rows = await stored(page);
  assert.equal(rows.filter((row) => row === "user: Who is Nora?").length, 1);
  assert.ok(rows.includes("assistant: A fox."), "nothing is lost");
  story.assertNoErrors();
});

test("a reply that was cut by its length says so, and goes on in its place", async (context) => {
  const story = await StoryPage.open(context, browser, server.url);
  const { page } = story;
  model().script("Tell a long one.", (reply) => {
    reply.text("It was a very ");
    reply.finish(11, 7, "length");
  });
  await story.send("Tell a long one.");
  await page.getByRole("alert").getByText("longer than one reply may be").waitFor();
  await page.reload();
  model().scriptOthers((reply) => {
    reply.text("long night.");
    reply.finish();
  });
  await page.getByRole("button", { name: "Go on with it" }).click();
  await untilText(page, "It was a very long night.");
  assert.equal(await page.getByRole("alert").count(), 0);
  const rows = await stored(page);
  assert.deepEqual(rows.filter((row) => row.startsWith("user:")), ["user: Tell a long one."]);
  assert.ok(rows.includes("assistant: It was a very long night."), rows.join("\n"));
  story.assertNoErrors();
});

test("functions that are killed in the middle of a reply: the page comes back, and the reply goes on", async (context) => {
  const story = await StoryPage.open(context, browser, server.url);
  const { page } = story;
  story.expectedErrors.push(/ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|status of 50[234]/);
  const gate = await beginReply(story, "Tell of the storm.", "The storm ", "never came.");
  await until("the saved beginning", async () => {
    const rows = await server.backend.rows("generations", { session_id: await sessionOf(page) });
    return rows[0]?.["saved_bytes"] > 0;
  });
  await server.killFunctions();
  gate.open();
  await server.startFunctions();
  await server.letWritersBeSilent();
  await page.getByRole("alert").getByText("The answer broke off").waitFor({ timeout: DEADLINE_MS });
  assert.match(await story.lastText(), /^The storm/);
  model().scriptOthers((reply) => {
    reply.text("passed by.");
    reply.finish();
  });
  await page.getByRole("button", { name: "Go on with it" }).click();
  await untilText(page, "The storm passed by.");
  assert.equal((await stored(page)).filter((row) => row.startsWith("user:")).length, 1);
  story.assertNoErrors();
});

for (const way of ["sign up", "anonymously"] as const) {
  test(`a page of another origin: supabase-js, ${way}, a reload in the middle`, async (context) => {
    const { publishableKey } = server.backend.keys;
    const origin = await serveElsewhere(context, server.url, publishableKey);
    const elsewhere = await ElsewherePage.open(context, browser, origin);
    const { page } = elsewhere;
    elsewhere.alsoAsks(server.url);
    const prompt = `What is across the water (${way})?`;
    const gate = makeGate();
    model().script(prompt, async (reply) => {
      reply.text("An island, ");
      await gate.opened;
      reply.text("they say.");
      reply.finish();
    });
    await page.getByRole("button", { name: way }).click();
    await page.getByText("signed in").waitFor();
    await page.getByLabel("text").fill(prompt);
    await page.getByRole("button", { name: "say" }).click();
    await page.locator("#reply", { hasText: "An island," }).waitFor();
    await page.reload();
    await page.locator("#reply", { hasText: "An island," }).waitFor();
    gate.open();
    await page.locator("#reply", { hasText: "An island, they say." }).waitFor();
    await page.getByText("whole").waitFor();
    const rows = await page.locator("#rows").innerText();
    assert.deepEqual(JSON.parse(rows), [
      { role: "user", content: prompt },
      { role: "assistant", content: "An island, they say." },
    ]);
    assert.equal(model().replies(prompt).length, 1);
    elsewhere.assertNoErrors();
  });
}
