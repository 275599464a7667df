import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isLongRing } from "../ring.ts";
import { onBothHosts, type Host } from "./both-hosts.ts";
import { elapsedUntil } from "./upstream.ts";

const streams = isLongRing ? 500 : 50;
const pieces = 20;
const gap_ms = isLongRing ? 250 : 25;

/** Resident memory in kilobytes; null where there is no /proc. */
function residentKilobytes(host: Host): number | null {
  try {
    const status = readFileSync(`/proc/${host.processId}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  } catch {
    return null;
  }
}

onBothHosts("a crowd", (host) => {
  test(`${streams} streams at once: every byte arrives, nothing is mixed up`, async (context) => {
    await (await host().fetch("answer")).text();
    const before = residentKilobytes(host());
    let open = 0;
    const relays = Array.from({ length: streams }, async (_, number) => {
      const path = `/pieces/crowd-${number}?count=${pieces}&gap_ms=${gap_ms}&name=${number}`;
      const response = await host().fetchWithUpstream("relay", path);
      open += 1;
      return await response.text();
    });
    await elapsedUntil(() => open === streams);
    const during = residentKilobytes(host());
    if (before !== null && during !== null) {
      const each = Math.round((during - before) / streams);
      context.diagnostic(`${host().runtime}: ${each} KB of memory an open stream`);
    }

    const texts = await Promise.all(relays);
    texts.forEach((text, number) => {
      const expected = Array.from({ length: pieces }, (_, piece) => `${number}: piece ${piece};`);
      assert.equal(text, expected.join(""));
    });
  });
});
