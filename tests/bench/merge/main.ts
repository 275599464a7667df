// The cost of the dossier's merge in WebAssembly, in a page and in a function: ./scripts/bench
// merge
import { cpus } from "node:os";
import type { TestContext } from "node:test";
import { launchBrowser } from "../../browser/browser.ts";
import { dossierRows } from "../../browser_module/dossier_rows.ts";
import { openLoadedPage } from "../../browser_module/module_page.ts";
import { withSpread } from "../relay/statistics.ts";
import { printTable } from "../relay/table.ts";
import { measureMemory, measureServer } from "./server.ts";

const RECORDS = 1000;
const DELIVERY_RECORDS = 5;
const ROUNDS = 45;

const cleanups: (() => unknown)[] = [];
const context = { after: (cleanup: () => unknown) => cleanups.push(cleanup) } as unknown as TestContext;
const browser = await launchBrowser();
try {
  const { page } = await openLoadedPage(context, browser);
  const all = dossierRows(RECORDS + DELIVERY_RECORDS);
  const isOfTheFirst = ({ message_id }: { message_id: string | null }) =>
    message_id === null || Number(message_id.slice(-12)) < RECORDS;
  const before = all.filter(isOfTheFirst);
  const delivery = all.filter((row) => !isOfTheFirst(row));
  const times = await page.evaluate(
    ({ before, delivery, rounds }) => {
      const { openDossier } = window.fabula;
      const seen = {
        fromNothing: [] as number[],
        add: [] as number[],
        merge: [] as number[],
        delivery: [] as number[],
        snapshot: [] as number[],
      };
      const timed = (list: number[], work: () => unknown) => {
        const began = performance.now();
        work();
        list.push(performance.now() - began);
      };
      for (let round = 0; round < rounds; round += 1) {
        const dossier = openDossier();
        timed(seen.fromNothing, () => {
          dossier.add(before);
          dossier.snapshotJson();
        });
        const mention = delivery.find(({ body }) => body["do"] === "mention")!.assertion_id;
        timed(seen.add, () => dossier.add(delivery));
        timed(seen.merge, () => dossier.thing(mention));
        seen.delivery.push(seen.add.at(-1)! + seen.merge.at(-1)!);
        timed(seen.snapshot, () => dossier.snapshotJson());
        dossier.dispose();
      }
      return seen;
    },
    { before, delivery, rounds: ROUNDS },
  );
  const [first] = cpus();
  console.log(`${new Date().toISOString()}, ${cpus().length} x ${first?.model}`);
  printTable(
    `Chromium: ${RECORDS} records in ${before.length} rows, ${ROUNDS} rounds`,
    ["step", "ms"],
    [
      ["from nothing to the snapshot (rows to JSON and parsed, merged, written)", withSpread(times.fromNothing, 2)],
      [`${DELIVERY_RECORDS} more records in ${delivery.length} rows added`, withSpread(times.add, 2)],
      ["merged, and one of them read", withSpread(times.merge, 2)],
      ["both: one more delivery", withSpread(times.delivery, 2)],
      ["the snapshot written", withSpread(times.snapshot, 2)],
    ],
    "wanted: under 150, and under 2 for one more delivery",
  );
  const server = measureServer(before, delivery, ROUNDS);
  printTable(
    `A function's module in Node: ${RECORDS} records in ${before.length} rows, ${ROUNDS} instances`,
    ["step", "ms"],
    [
      ["rows parsed", withSpread(server.load, 2)],
      [`merged, with ${DELIVERY_RECORDS} more records in ${delivery.length} rows`, withSpread(server.merge, 2)],
      ["snapshot and facts written", withSpread(server.store, 2)],
      ["all of it", withSpread(server.all, 2)],
    ],
    "wanted: under 30, without the database's own time",
  );
  printTable(
    "Its memory, merged and written",
    ["records", "rows", "MB", "bytes a row"],
    [1, 2, 4].map((times) => {
      const rows = dossierRows(times * RECORDS);
      const bytes = measureMemory(rows);
      const each = (bytes / rows.length).toFixed(0);
      return [String(times * RECORDS), String(rows.length), (bytes / 1024 / 1024).toFixed(1), each];
    }),
    "a module may have 32 MB",
  );
} finally {
  await browser.close();
  for (const cleanup of cleanups) await cleanup();
}
