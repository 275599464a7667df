import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { makeGate } from "../clients/wait.ts";
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
  assert.deepEqual([first?.body, first?.token], [{ text: "Begin.", detach: true }, undefined]);
  assert.deepEqual([second?.body, second?.token], [
    {
      text: "Go on.",
      detach: true,
      session_id: "5e551071-0000-4000-8000-000000000001",
      project_id: "9a01ec70-0000-4000-8000-000000000001",
    },
    `Bearer ${GUEST_TOKEN}`,
  ]);
  assert.notEqual(first?.key, second?.key);
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
  const { body, token } = chat.requests[1]!;
  assert.deepEqual(body, { text: "Two rival bakers inherit the same recipe.", detach: true });
  assert.equal(token, `Bearer ${GUEST_TOKEN}`);
  story.assertNoErrors();
});

test("Stop has the writer stop, and keeps what was written", async (context) => {
  const { chat, story, page } = await setUp(context);
  await story.send("hang");
  await story.lastReply().getByText("The lamp had burned").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await story.lastReply().getByText("Stopped here.").waitFor();
  assert.deepEqual(chat.streamRequests, ["POST /cancel"]);
  await page.reload();
  assert.match(await story.lastText(), /^The lamp/);
  await story.lastReply().getByText("Stopped here.").waitFor();
  await page.getByRole("button", { name: "Send" }).waitFor();
  story.assertNoErrors();
});

test("a reload in the middle of an answer reads it on", async (context) => {
  const { chat, story, page } = await setUp(context);
  await story.send("hang");
  await story.lastReply().getByText("Who lives in the lighthouse?").waitFor();
  const { length } = await story.lastText();
  await page.reload();
  await story.untilQuiet();
  await page.getByText(/scripted-1 · 34 tokens/).waitFor();
  assert.deepEqual(chat.streamRequests, [`GET ?after=${length}`]);
  assert.equal(chat.requests.length, 1);
  assert.equal(await story.replies().count(), 1);
  assert.equal(await page.locator(".note:visible").count(), 0);
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
  assert.deepEqual(chat.requests[1], chat.requests[0]);
  assert.equal(await story.replies().count(), 1);
  story.assertNoErrors();
});

for (const text of ["cut", "end early"]) {
  test(`an answer whose connection is lost (${text}) is read on from where it is`, async (context) => {
    const { chat, story, page } = await setUp(context);
    story.expectedErrors.push(/ERR_INCOMPLETE_CHUNKED_ENCODING/);
    await story.send(text);
    await story.untilQuiet();
    assert.match(await story.lastText(), /^The lamp[\s\S]*lighthouse\?$/);
    assert.equal((await story.lastText()).match(/The lamp/g)?.length, 1);
    assert.equal(chat.requests.length, 1);
    assert.equal(chat.streamRequests.length, 1);
    assert.equal(await page.getByRole("alert").count(), 0);
    story.assertNoErrors();
  });
}

const BROKEN = [
  {
    text: "fail",
    shown: ["The answer broke off", "The model's provider stopped answering.", "provider_timeout"],
  },
  { text: "cut for good", shown: ["503 · interrupted", "The functions did not answer"], console: /ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|502|503/ },
];

for (const { text, shown, console } of BROKEN) {
  test(`an answer that breaks off (${text}) stays, with the reason`, async (context) => {
    const { story, page } = await setUp(context);
    if (console) story.expectedErrors.push(console);
    await page.clock.install();
    await story.send(text);
    // The page tries to read on for half a minute.
    for (let isQuiet = false; !isQuiet; isQuiet = (await page.locator('[aria-busy="true"]').count()) === 0) {
      await page.clock.runFor(1_000);
    }
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
  story.expectedErrors.push(/status of 503/);
  functions.close();
  await story.send("Begin.");
  await page.getByRole("alert").getByText("503 · interrupted").waitFor();
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
  assert.deepEqual([chat.requests[2]?.body, chat.requests[2]?.token], [{ text: "Begin.", detach: true }, undefined]);
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

const LONG_MESSAGE =
  "A lighthouse keeper finds a door in the sea, and it is open. Donaudampfschifffahrtsgesellschaftskapitän?";

for (const [name, options] of [
  ["dark", { colorScheme: "dark" }],
  ["320", { width_px: 320 }],
  ["390", { width_px: 390 }],
  ["1280", { width_px: 1280 }],
] as const) {
  test(`it fits and looks as it should (${name})`, async (context) => {
    const { chat, story, page } = await setUp(context, options);
    await story.assertUsable();
    await story.screenshot(`welcome-${name}`);
    await story.send("fail");
    await story.untilQuiet();
    await page.getByLabel("Your message").fill(`${LONG_MESSAGE}\n`.repeat(12));
    await story.assertUsable();
    // The reply goes on while the page is measured.
    const measured = makeGate();
    chat.beforeNextWord = () => measured.opened;
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await story.assertUsable();
    measured.open();
    await story.untilQuiet();
    await page.getByText(/scripted-1 · 34 tokens/).click();
    await page.getByText("Ids of this conversation").click();
    await story.assertUsable();
    await story.screenshot(`turns-${name}`);
    await page.evaluate(() => scrollTo(0, 0));
    await story.assertUsable();
    story.expectedErrors.push(/status of 404/); // The scripted functions know no dossier.
    await page.getByRole("button", { name: "Dossier" }).click();
    await page.getByRole("dialog").getByText("Not found").waitFor();
    await story.assertUsable(page.getByRole("dialog"));
    await page.getByRole("button", { name: "Close" }).click();
    story.assertNoErrors();
  });
}

for (const width_px of [320, 390, 1280]) {
  test(`the page for live conversations fits (${width_px})`, async (context) => {
    const { story, page, url } = await setUp(context, { width_px });
    story.expectedErrors.push(/WebSocket/);
    await page.goto(`${url}/realtime`);
    await page.getByRole("button", { name: "Leave" }).waitFor();
    await story.assertUsable();
  });
}
