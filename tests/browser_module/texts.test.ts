import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../browser/browser.ts";
import { LITERAL, valueOf } from "./cpp_literals.ts";
import { openLoadedPage } from "./module_page.ts";

let browser: Browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

const FIFTY = "abcdefghi abcdefghi abcdefghi abcdefghi abcdefghij";
const NOTHING_TO_READ = ["", " \n\t", "***", "...", '""', "# ", "!!!", "\u3000\n\n-"];
/** The native tests' checks that are more than two literals, a row for each. */
const COMPUTED: [message: string, title: string][][] = [
  [["A\0fox", "A fox"]],
  [[FIFTY, FIFTY]],
  [[`${FIFTY}k`, "abcdefghi abcdefghi abcdefghi abcdefghi…"]],
  [["世".repeat(60), `${"世".repeat(49)}…`]],
  [[`I ${"é".repeat(60)}`, `I ${"é".repeat(47)}…`]],
  [["世".repeat(50), "世".repeat(50)]],
  NOTHING_TO_READ.map((message) => [message, "New story"]),
];

test("titles are those that the native tests expect, all of them", async (context) => {
  const { page } = await openLoadedPage(context, browser);
  const source = readFileSync("tests/unit/text_title.cpp", "utf8");
  const pattern = String.raw`CHECK\(session_title\((${LITERAL})\) ==\s*(${LITERAL})\);`;
  const literal = [...source.matchAll(new RegExp(pattern, "g"))].map(([, message = "", title = ""]) => {
    return [valueOf(message), valueOf(title)];
  });
  const checks = source.split("CHECK(session_title(").length - 1;
  assert.equal(literal.length + COMPUTED.length, checks);
  const expected = [...literal, ...COMPUTED.flat()];
  const titles = await page.evaluate(
    (messages) => messages.map((it) => window.fabula.sessionTitle(it)),
    expected.map(([message = ""]) => message),
  );
  assert.deepEqual(
    titles,
    expected.map(([, title]) => title),
  );
});

test("a title is made of any string, up to 1 MiB", async (context) => {
  const { page } = await openLoadedPage(context, browser);
  const [lone, long, refused] = await page.evaluate(() => {
    const { sessionTitle } = window.fabula;
    const titles = [sessionTitle("half a \ud83d fox"), sessionTitle("a ".repeat(1 << 19))];
    try {
      sessionTitle("a".repeat((1 << 20) + 1));
    } catch (error) {
      titles.push(String(error));
    }
    return titles;
  });
  assert.equal(lone, "half a \ufffd fox");
  assert.equal(long, `${"a ".repeat(24)}a…`);
  assert.equal(refused, "RangeError: the text has 1048577 bytes: at most 1048576");
});

test("the system prompt is the core's", async (context) => {
  const { page } = await openLoadedPage(context, browser);
  const file = readFileSync("shared/prompts/chat.md", "utf8");
  const expected = file.replace(/^---\n[^]*?\n---\n/, "").replace(/\n$/, "");
  assert.ok(expected.startsWith("You are Fabula"));
  assert.equal(await page.evaluate(() => window.fabula.systemPrompt()), expected);
});
