import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { originInFrontOf, startUpstream } from "../origin/upstream.ts";
import { launchBrowser, StoryPage, type OpenOptions } from "./browser.ts";
import { GUEST_TOKEN, scriptedChat } from "./scripted_chat.ts";

let browser: Browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

async function setUp(context: TestContext, options: OpenOptions = {}) {
  const chat = scriptedChat();
  const functions = await startUpstream(chat.listener);
  const { origin, url } = await originInFrontOf({ functions: functions.url });
  context.after(async () => {
    await origin.close();
    functions.close();
  });
  const story = await StoryPage.open(context, browser, url, options);
  return { chat, functions, url, story, page: story.page };
}

test("tokens appear as they come, then the facts of the turn", async (context) => {
  const { chat, story, page } = await setUp(context);
  // A word is written when the one before it can be seen, however slow the machine is.
  const sentLengths: number[] = [];
  chat.beforeNextWord = (sent) => {
    sentLengths.push(sent);
    return story.untilTextHas(sent);
  };
  const lengths = await story.watchLengths();
  await story.send("A lighthouse keeper finds a door in the sea.");
  await page.getByRole("button", { name: "Stop" }).waitFor();
  await story.untilQuiet();
  assert.deepEqual(
    (await lengths()).filter((length) => length > 0),
    sentLengths,
  );
  assert.match(await story.lastText(), /^The lamp had burned[\s\S]*lighthouse\?$/);
  assert.ok(await page.getByLabel("Your message").evaluate((it) => it === document.activeElement));
  await page.getByText(/scripted-1 · 34 tokens · \d+\.\d s/).click();
  for (const fact of ["message-2", "message-1", "stream-1", "scripted", "21"]) {
    await story.lastReply().getByText(fact, { exact: true }).waitFor();
  }
  await page.getByText("Ids of this conversation").click();
  await page.getByText("5e551071-0000-4000-8000-000000000001").waitFor();
  assert.equal(await page.title(), "A lighthouse - Fabula");
  await story.screenshot("turn-light");
  story.assertNoErrors();
});

test("a reload shows the conversation and goes on with it, as the same guest", async (context) => {
  const { chat, story, page } = await setUp(context);
  await story.send("Begin.");
  await story.untilQuiet();
  await page.reload();
  assert.equal(await story.replies().count(), 1);
  assert.match(await story.lastText(), /lighthouse\?$/);
  await story.send("Go on.");
  await story.untilQuiet();
  assert.equal(await story.replies().count(), 2);
  const [first, second] = chat.requests;
  assert.deepEqual(first, { body: { text: "Begin." }, token: undefined });
  assert.deepEqual(second, {
    body: {
      text: "Go on.",
      session_id: "5e551071-0000-4000-8000-000000000001",
      project_id: "9a01ec70-0000-4000-8000-000000000001",
    },
    token: `Bearer ${GUEST_TOKEN}`,
  });
  story.assertNoErrors();
});

test("a new conversation forgets the ids, but not who the guest is", async (context) => {
  const { chat, story, page } = await setUp(context);
  await story.send("Begin.");
  await story.untilQuiet();
  await page.getByRole("button", { name: "New conversation" }).click();
  assert.equal(await story.replies().count(), 0);
  await page.getByRole("button", { name: "Two rival bakers inherit the same recipe." }).click();
  await story.untilQuiet();
  assert.deepEqual(chat.requests[1], {
    body: { text: "Two rival bakers inherit the same recipe." },
    token: `Bearer ${GUEST_TOKEN}`,
  });
  story.assertNoErrors();
});

test("Stop ends the request and keeps what was written", async (context) => {
  const { chat, story, page } = await setUp(context);
  await story.send("hang");
  await story.lastReply().getByText("The lamp had burned").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await story.lastReply().getByText("Stopped here.").waitFor();
  await page.waitForTimeout(200);
  assert.equal(chat.left, 1);
  await page.reload();
  assert.match(await story.lastText(), /^The lamp/);
  await page.getByRole("button", { name: "Send" }).waitFor();
  story.assertNoErrors();
});

test("a reload in the middle of an answer keeps what was written", async (context) => {
  const { story, page } = await setUp(context);
  await story.send("hang");
  await story.lastReply().getByText("The lamp had burned").waitFor();
  await page.reload();
  assert.match(await story.lastText(), /^The lamp/);
  await story.lastReply().getByText("Stopped here.").waitFor();
  story.assertNoErrors();
});

test("a refused request shows what is wrong and can be tried again", async (context) => {
  const { chat, story, page } = await setUp(context);
  story.expectedErrors.push(/status of 422/);
  await story.send("refuse");
  const alert = page.getByRole("alert");
  await alert.getByText("Invalid request", { exact: true }).waitFor();
  await alert.getByText("/text: must not be a test").waitFor();
  await alert.getByText("422 · invalid_request · request req-1").waitFor();
  await story.screenshot("refused-light");
  await page.getByRole("button", { name: "Try again" }).click();
  await story.untilQuiet();
  assert.equal(chat.requests.length, 2);
  assert.equal(await story.replies().count(), 1);
  story.assertNoErrors();
});

const BROKEN = [
  {
    text: "fail",
    shown: ["The answer broke off", "The model's provider stopped answering.", "provider_timeout"],
  },
  {
    text: "end early",
    shown: ["The answer broke off", "The connection ended before the answer did."],
  },
  { text: "cut", shown: ["No connection"], console: /ERR_INCOMPLETE_CHUNKED_ENCODING/ },
];

for (const { text, shown, console } of BROKEN) {
  test(`an answer that breaks off (${text}) stays, with the reason`, async (context) => {
    const { story, page } = await setUp(context);
    if (console) story.expectedErrors.push(console);
    await story.send(text);
    await story.untilQuiet();
    for (const _visit of ["first", "after a reload"]) {
      for (const part of shown) await page.getByRole("alert").getByText(part).waitFor();
      assert.match(await story.lastText(), /^The lamp/);
      await page.reload();
    }
    story.assertNoErrors();
  });
}

test("a server that is gone is said in words", async (context) => {
  const { functions, story, page } = await setUp(context);
  story.expectedErrors.push(/status of 502/);
  functions.close();
  await story.send("Begin.");
  await page.getByRole("alert").getByText("502 · internal_error").waitFor();
  story.assertNoErrors();
});

test("a guest whom the server does not know can start over as a new one", async (context) => {
  const { chat, story, page } = await setUp(context);
  story.expectedErrors.push(/status of 401/);
  await story.send("Begin.");
  await story.untilQuiet();
  await story.send("forget me");
  await page.getByRole("button", { name: "Start over as a new guest" }).click();
  await story.send("Begin.");
  await story.untilQuiet();
  assert.deepEqual(chat.requests[2], { body: { text: "Begin." }, token: undefined });
  story.assertNoErrors();
});

test("Shift+Enter makes a line, and what is typed is never taken as HTML", async (context) => {
  const { chat, story, page } = await setUp(context);
  await page.getByLabel("Your message").fill("<img src=x onerror=alert(1)>");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await story.untilQuiet();
  assert.equal(chat.requests[0]?.body["text"], "<img src=x onerror=alert(1)>\nsecond line");
  assert.equal(await page.locator(".user img").count(), 0);
  story.assertNoErrors();
});

for (const [name, options] of [
  ["dark", { colorScheme: "dark" }],
  ["phone", { width_px: 380 }],
] as const) {
  test(`it fits and looks as it should (${name})`, async (context) => {
    const { story, page } = await setUp(context, options);
    await story.screenshot(`welcome-${name}`);
    await story.send("fail");
    await story.untilQuiet();
    await story.send(
      "A lighthouse keeper finds a door in the sea, and it is open. What is behind it?",
    );
    await page.waitForTimeout(500);
    const overflow_px = await page.evaluate(() => document.body.scrollWidth - innerWidth);
    assert.ok(overflow_px <= 0, `${overflow_px} px too wide`);
    await story.screenshot(`turns-${name}`);
    await story.untilQuiet();
    story.assertNoErrors();
  });
}
