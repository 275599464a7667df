// The dossier in a page, compared with the native core's.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../browser/browser.ts";
import type { DossierEntry } from "../../wasm/browser/fabula.ts";
import { dossierRows } from "./dossier_rows.ts";
import { openLoadedPage } from "./module_page.ts";
import { randomNumbers } from "../random_numbers.ts";

let browser: Browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

function nativeSnapshot(rows: DossierEntry[]): string {
  const { status, stdout, stderr } = spawnSync("scripts/fabula-dossier", ["--log"], {
    input: JSON.stringify(rows),
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "", "every row can be read");
  return stdout.trimEnd();
}

function shuffled(rows: DossierEntry[], seed: number): DossierEntry[] {
  const next = randomNumbers(seed);
  return rows
    .map((row) => ({ row, key: next(1 << 30) }))
    .sort((a, b) => a.key - b.key)
    .map(({ row }) => row);
}

test("a page's snapshot has the native core's bytes, in whatever order its entries came", async (context) => {
  const rows = dossierRows(120);
  const expected = nativeSnapshot(rows);
  const snapshot = JSON.parse(expected) as { characters: unknown[]; open_questions: unknown[] };
  assert.equal(snapshot.characters.length, 40);
  assert.ok(snapshot.open_questions.length > 0);
  const { page } = await openLoadedPage(context, browser);
  for (const seed of [1, 2, 3]) {
    const snapshots = await page.evaluate((parts) => {
      const dossier = window.fabula.openDossier();
      const seen: string[] = [];
      for (const part of parts) {
        dossier.add(part);
        seen.push(dossier.snapshotJson());
      }
      dossier.add(parts[0]!);
      seen.push(dossier.snapshotJson());
      dossier.dispose();
      return seen;
    }, [shuffled(rows, seed).slice(0, 100), shuffled(rows, seed).slice(100)]);
    assert.notEqual(snapshots[0], expected);
    assert.equal(snapshots[1], expected);
    assert.equal(snapshots[2], expected, "what is there already changes nothing");
  }
});

test("one thing is what the snapshot says of it, by any of its mentions", async (context) => {
  const rows = dossierRows(120);
  const { page } = await openLoadedPage(context, browser);
  const { snapshot, things, byMentions, nothing } = await page.evaluate((rows) => {
    const dossier = window.fabula.openDossier();
    dossier.add(rows);
    const snapshot = dossier.snapshot();
    const things = snapshot.characters.map(({ id }) => dossier.thing(id));
    const mentions = rows.filter(({ body }) => body["do"] === "mention" && body["type"] === "character");
    const byMentions = mentions.map(({ assertion_id }) => dossier.thing(assertion_id)?.id);
    const nothing = ["", "0123456789abcdef", "no id", "\u0000"].map((id) => dossier.thing(id));
    dossier.dispose();
    return { snapshot, things, byMentions, nothing };
  }, rows);
  assert.deepEqual(things, snapshot.characters);
  assert.deepEqual(new Set(byMentions), new Set(snapshot.characters.map(({ id }) => id)));
  assert.deepEqual(nothing, Array(4).fill(undefined));
});

test("two snapshots are compared", async (context) => {
  const rows = dossierRows(12);
  const before = nativeSnapshot(rows.slice(0, -6));
  const after = nativeSnapshot(rows);
  const { page } = await openLoadedPage(context, browser);
  const [none, some] = await page.evaluate(([from, to]) => {
    const { compareDossiers } = window.fabula;
    return [compareDossiers(from, from), compareDossiers(from, to)] as const;
  }, [JSON.parse(before), JSON.parse(after)] as const);
  assert.deepEqual(none.characters, { added: [], removed: [], changed: [] });
  assert.notDeepEqual(some, none);
});

test("what is no list of rows is refused, and a row that cannot be read is left out", async (context) => {
  const { page } = await openLoadedPage(context, browser);
  const seen = await page.evaluate((row) => {
    const dossier = window.fabula.openDossier();
    const seen: unknown[] = [];
    const attempt = (rows: unknown) => {
      try {
        seen.push(dossier.add(rows as never));
      } catch (error) {
        seen.push((error as Error).name);
      }
    };
    attempt({ not: "a list" });
    attempt([1]);
    attempt([{ ...row, assertion_id: "short" }, row]);
    attempt([row]);
    dossier.dispose();
    attempt([row]);
    return seen;
  }, dossierRows(1)[0]!);
  assert.deepEqual(seen, ["TypeError", "TypeError", 1, 0, "Error"]);
});
