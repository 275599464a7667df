// The page for live conversations when its server dies in the middle of a reply.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import type { Message } from "../clients/scripted_model.ts";
import { makeGate, until } from "../clients/wait.ts";
import { launchBrowser, WatchedPage } from "./browser.ts";
import { LiveServer } from "./live_server.ts";

const NAME = "lighthouse";
const RECONNECT_DEADLINE_MS = 30_000;
const LONGER_THAN_BETWEEN_LOOKS_MS = 2_500;

let browser: Browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

class LivePage extends WatchedPage {
  constructor(page: Page, origin: string) {
    super(page, origin);
    // The browser's own line for a socket that was not opened, or broke.
    this.expectedErrors.push(/WebSocket connection to/, /502/);
  }

  async send(text: string): Promise<void> {
    await this.page.getByLabel("Your message").fill(text);
    await this.page.keyboard.press("Enter");
  }
  untilState(state: string): Promise<void> {
    const pill = this.page.locator(`#connection[data-state="${state}"]`);
    return pill.waitFor({ timeout: RECONNECT_DEADLINE_MS });
  }
  replies(): Locator {
    return this.page.locator(".message.assistant");
  }
  /** Resolves when a reply, from 0, is exactly this and is not written any more. */
  async untilReply(place: number, text: string): Promise<void> {
    await this.page.waitForFunction(
      ([index, wanted]) => {
        const reply = document.querySelectorAll(".message.assistant")[index as number];
        const isWriting = reply?.getAttribute("aria-busy") === "true";
        return !isWriting && reply?.querySelector(".text")?.textContent === wanted;
      },
      [place, text] as const,
      { timeout: RECONNECT_DEADLINE_MS },
    );
  }
  untilWritten(text: string): Promise<void> {
    return this.page.locator('.assistant[aria-busy="true"] .text', { hasText: text }).waitFor();
  }
  texts(): Promise<string[]> {
    return this.page.locator(".message .text").allInnerTexts();
  }
  events(): Promise<string[]> {
    return this.page.locator("#log .event-head").allInnerTexts();
  }
}

const asksToGoOn = ({ content }: Message) => content.startsWith("Go on exactly where");
const isSummary = ({ content }: Message) => content.includes("You summarise a live conversation");

test("a reply outlives the process that writes it, and the session is whole and summarised once", async (context) => {
  const server = await LiveServer.start(context);
  const { backend } = server;
  let summaries = 0;
  backend.model.script("Tell me of the lighthouse.", async (reply) => {
    reply.text("The lamp burns ");
    reply.text("every night ");
    await makeGate().opened;
  });
  backend.model.scriptOthers((reply) => {
    const { messages } = reply.request;
    if (messages.some(isSummary)) {
      summaries += 1;
      reply.text("A lamp that burns every night.");
    } else if (asksToGoOn(messages.at(-1)!)) reply.text("and nobody knows for whom.");
    else reply.text("A fox.");
    reply.finish();
  });
  const live = await LivePage.open(context, browser, `${server.url}/realtime#${NAME}`);
  const { page } = live;
  await live.untilState("open");
  await live.send("Tell me of the lighthouse.");
  await live.untilWritten("The lamp burns every night");
  await until("the text is saved", async () => {
    const [generation] = await backend.rows("generations", { status: "streaming" });
    return generation?.["saved_bytes"] === 27;
  });
  await live.screenshot("live-writing");

  await server.killFunctions();
  await page.getByText("Connection lost, trying again in").waitFor();
  assert.match((await live.texts()).join("\n"), /The lamp burns every night/);
  await live.send("Who lives there?");
  await page.getByText("Not sent yet.").waitFor();
  await live.screenshot("live-lost");
  // Nobody answers meanwhile, and the page asks nobody: an error would be in the browser's log.
  await page.waitForTimeout(LONGER_THAN_BETWEEN_LOOKS_MS);

  await server.letWritersBeSilent();
  await server.startFunctions();
  await live.untilState("open");
  await live.untilReply(0, "The lamp burns every night and nobody knows for whom.");
  await live.untilReply(1, "A fox.");
  const whole = [
    "Tell me of the lighthouse.",
    "The lamp burns every night and nobody knows for whom.",
    "Who lives there?",
    "A fox.",
  ];
  await until("all of it is there", async () => {
    return JSON.stringify(await live.texts()) === JSON.stringify(whole);
  });
  const events = await live.events();
  const ids = events.map((head) => Number(head.split(" ")[0]));
  assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => b - a), "each once, the newest first");

  // Another page of the same person: the same guest, and all of it.
  await page.reload();
  await live.untilState("open");
  await live.untilReply(1, "A fox.");
  assert.deepEqual(await live.texts(), whole);
  assert.deepEqual((await backend.rows("sessions", { kind: "realtime" })).length, 1);

  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByText("You have left").waitFor();
  await until("the summary is made", async () => {
    await server.letConnectionsBeGone();
    await server.runTasks();
    return summaries > 0;
  });
  await page.locator("#summary", { hasText: "A lamp that burns every night." }).waitFor();
  await live.screenshot("live-summary");
  await server.runTasks();
  assert.equal(summaries, 1);

  await page.getByRole("button", { name: "Come back" }).click();
  await live.untilState("open");
  await page.locator(".message.system", { hasText: "The session goes on." }).waitFor();
  live.assertNoErrors();
});

test("two tabs have one session: each sees what is said in the other", async (context) => {
  const server = await LiveServer.start(context);
  const { backend } = server;
  const gate = makeGate();
  backend.model.script("One?", async (reply) => {
    reply.text("One, ");
    await gate.opened;
    reply.text("and whole.");
    reply.finish();
  });
  backend.model.tell("Two?", ["Two."]);
  const first = await LivePage.open(context, browser, `${server.url}/realtime#${NAME}`);
  await first.untilState("open");
  const page = await first.page.context().newPage();
  const second = new LivePage(page, server.url);
  await page.goto(`${server.url}/realtime#${NAME}`);
  await second.untilState("open");

  await first.send("One?");
  await first.untilWritten("One,");
  // It says something itself meanwhile, which waits for its turn.
  await second.send("Two?");
  await second.page.locator(".message.user", { hasText: "One?" }).waitFor();
  gate.open();
  for (const tab of [first, second]) {
    await tab.untilReply(0, "One, and whole.");
    await tab.untilReply(1, "Two.");
    await until("both have all", async () => {
      return (await tab.texts()).join("|") === "One?|One, and whole.|Two?|Two.";
    });
    tab.assertNoErrors();
  }
});

test("on a phone the log is a tap away; in the dark too", async (context) => {
  const server = await LiveServer.start(context);
  server.backend.model.tell("Hello?", ["Hello, keeper."]);
  const options = { width_px: 390, colorScheme: "dark" } as const;
  const live = await LivePage.open(context, browser, `${server.url}/realtime#${NAME}`, options);
  await live.untilState("open");
  await live.send("Hello?");
  await live.untilReply(0, "Hello, keeper.");
  await live.screenshot("live-phone");
  const width = await live.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `${width} px wide`);
  await live.page.getByRole("button", { name: "Log" }).click();
  await live.page.locator("#log li").nth(1).waitFor();
  await live.screenshot("live-phone-log");
  live.assertNoErrors();
});
