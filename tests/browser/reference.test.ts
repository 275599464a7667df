// The API reference in Chromium, as scripts/build has bundled it, on both runtimes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import {
  onBothRuntimes,
  operationsOf,
  readDocument,
  TOKEN_ISSUER,
  TOKEN_SECRET,
} from "../api_document/served.ts";
import { hs256, userClaims } from "../clients/tokens.ts";
import { launchBrowser, WatchedPage } from "./browser.ts";

let browser: Browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

/** A long reference renders only the visible part. False: this is its end. */
function scrollOn(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    const before = scrollY;
    scrollBy(0, innerHeight * 0.9);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return scrollY !== before;
  });
}

async function shownOperations(page: Page): Promise<string[]> {
  const ids = new Set<string>();
  do {
    const shown = await page
      .locator(".opblock")
      .evaluateAll((blocks) => blocks.map(({ id }) => id));
    for (const id of shown) ids.add(id);
  } while (await scrollOn(page));
  return [...ids].sort();
}

onBothRuntimes("the API reference", (url) => {
  test("lists every operation, wherever it is, and asks nobody else", async (context) => {
    const operations = operationsOf(await readDocument(url()));
    const told = operations
      .map(({ operation }) => `operations-${operation.tags[0]}-${operation.operationId}`)
      .sort();
    for (const path of ["/docs", "/docs/", "/functions/v1/docs", "/functions/v1/docs/"]) {
      const reference = await WatchedPage.open(context, browser, url() + path);
      const { page } = reference;
      await page.locator(".opblock").first().waitFor();
      assert.deepEqual(await shownOperations(page), told, path);
      await reference.screenshot("reference");
      reference.assertNoErrors();
    }
  });

  test("asks an endpoint with a bearer when it is tried", async (context) => {
    const reference = await WatchedPage.open(context, browser, `${url()}/functions/v1/docs`);
    const { page } = reference;
    // The browser's own lines for the two refusals.
    reference.expectedErrors.push(/status of (401|503)/);
    const sent: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (request.url() === `${url()}/functions/v1/users/me`) {
        sent.push(request.headers()["authorization"]);
      }
    });
    const operation = page.locator('[id="operations-users-read_profile"]');
    await page.locator(".opblock").first().waitFor();
    await page.locator(".operation-filter-input").fill("users");
    await operation.locator(".opblock-summary-control").first().click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    const answerOf = async (status: number, code: string) => {
      await operation.getByRole("button", { name: "Execute" }).click();
      const answer = operation.locator(".live-responses-table");
      await answer.locator(".response-col_status", { hasText: String(status) }).waitFor();
      await answer.getByText(code).first().waitFor();
    };
    await answerOf(401, "missing_credentials");

    const userId = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9";
    const token = hs256(userClaims(userId, { iss: TOKEN_ISSUER }), TOKEN_SECRET);
    await page.getByRole("button", { name: "Authorize" }).first().click();
    const dialog = page.locator(".dialog-ux");
    await dialog.locator("input").first().fill(token);
    await dialog.getByRole("button", { name: "Apply credentials" }).first().click();
    await dialog.getByRole("button", { name: "Close" }).first().click();
    // The token is accepted; the data that it would read is in a database which is not running.
    await answerOf(503, "database_unavailable");
    assert.deepEqual(sent, [undefined, `Bearer ${token}`]);
    await reference.screenshot("reference-tried");
    reference.assertNoErrors();
  });
});
