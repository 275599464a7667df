// Chromium as Debian ships it, and the page as a person sees it.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { chromium, type Browser, type Locator, type Page } from "playwright-core";

const SCREENSHOTS = "build/tests/browser";

/** A browser that only calls the tested server. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface OpenOptions {
  colorScheme?: "light" | "dark";
  width_px?: number;
}

/** A page in its own profile, watched for errors in its console and requests to other servers. */
export class WatchedPage {
  readonly page: Page;
  /** Console errors that the test expects, such as the browser's own line for a status of 401. */
  readonly expectedErrors: RegExp[] = [];
  readonly #errors: string[] = [];

  constructor(page: Page, origin: string) {
    this.page = page;
    page.on("pageerror", (error) => this.#errors.push(String(error)));
    page.on("console", (line) => {
      if (line.type() === "error" || line.type() === "warning") this.#errors.push(line.text());
    });
    page.on("request", (request) => {
      const isForeign = !request.url().startsWith(origin) && !request.url().startsWith("data:");
      if (isForeign) this.#errors.push(`request to ${request.url()}`);
    });
  }

  static async open<Opened extends WatchedPage>(
    this: new (page: Page, origin: string) => Opened,
    context: TestContext,
    browser: Browser,
    url: string,
    { colorScheme = "light", width_px = 900 }: OpenOptions = {},
  ): Promise<Opened> {
    const viewport = { width: width_px, height: 800 };
    const profile = await browser.newContext({ colorScheme, viewport });
    context.after(() => profile.close());
    const page = await profile.newPage();
    const opened = new this(page, new URL(url).origin);
    await page.goto(url);
    return opened;
  }

  assertNoErrors(): void {
    const unexpected = this.#errors.filter(
      (text) => !this.expectedErrors.some((it) => it.test(text)),
    );
    assert.deepEqual(unexpected, []);
  }

  /**
   * Nothing is wider than the window, the message can be written and sent, and touch targets are large
   * enough.
   */
  async assertUsable(within: Locator = this.page.locator("body")): Promise<void> {
    const { page } = this;
    const { width, height } = page.viewportSize()!;
    const overflow_px = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow_px <= 0, `${overflow_px} px too wide`);
    const isWhole = await within.evaluate((element) => element.tagName === "BODY");
    if (isWhole) {
      const controls = page.locator("#text, #send:visible, #stop:visible");
      assert.equal(await controls.count(), 2);
      for (const control of await controls.all()) {
        const box = (await control.boundingBox())!;
        const isInside = box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
        assert.ok(isInside, `${await control.getAttribute("id")} is at ${JSON.stringify(box)}`);
        await control.click({ trial: true });
      }
      assert.ok((await page.locator("#text").boundingBox())!.width >= Math.min(width, 800) / 2, "there is room to write");
    }
    for (const target of await within.locator("button:visible, summary:visible, input:visible, textarea:visible").all()) {
      const { width: wide, height: high } = (await target.boundingBox())!;
      const name = await target.evaluate((element) => element.textContent || element.id);
      assert.ok(wide >= 40 && high >= 40, `${name} is ${wide} × ${high} px`);
    }
  }

  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
  }
}

/** The development server's page to talk to. */
export class StoryPage extends WatchedPage {
  async send(text: string): Promise<void> {
    await this.page.getByLabel("Your message").fill(text);
    await this.page.keyboard.press("Enter");
  }

  replies(): Locator {
    return this.page.locator(".assistant");
  }

  lastReply(): Locator {
    return this.replies().last();
  }

  /** The alerts of failures: a reply that is as long as a reply may be is not one. */
  failures(): Locator {
    return this.page.getByRole("alert").filter({ hasNotText: "longer than one reply may be" });
  }

  /** Resolves when the last reply is over, however it ended. */
  async untilQuiet(timeout_ms = 30_000): Promise<void> {
    await this.page
      .locator('.assistant[aria-busy="true"]')
      .waitFor({ state: "detached", timeout: timeout_ms });
  }

  lastText(): Promise<string> {
    return this.lastReply().locator(".text").innerText();
  }

  /** Resolves when the last reply has that many characters. */
  async untilTextHas(length: number): Promise<void> {
    await this.page.waitForFunction((wanted) => {
      const text = document.querySelector(".assistant:last-child .text");
      return text?.textContent?.length === wanted;
    }, length);
  }

  /** Lengths of the last reply, one for each time it changed on the screen from now on. */
  async watchLengths(): Promise<() => Promise<number[]>> {
    await this.page.evaluate(() => {
      const seen: number[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() => {
        const length = document.querySelector(".assistant:last-child .text")?.textContent?.length;
        if (length !== undefined && length !== seen.at(-1)) seen.push(length);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    return () => this.page.evaluate(() => (window as unknown as { seen: number[] }).seen);
  }
}
