// A dossier that is filled with long texts until it is full: writers are told so and what to do, and the
// contents can still be read, undone completely and begun anew.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PlainApi } from "./api.ts";
import { onEachRuntime } from "./stack.ts";

const MANY_CHANGES = 12;

interface Texts {
  characters: number;
  bytes: number;
}

/** A description of `bytes` bytes for each character, which differs with each change. */
function changeOf({ characters, bytes }: Texts, change: number) {
  const describe = (character: number) => `${change}.${character} `.padEnd(bytes, "lorem ipsum ");
  return {
    snapshot_json: {
      characters: Array.from({ length: characters }, (_, index) => ({
        name: `Person ${String.fromCharCode(65 + (index % 26))}${index}`,
        description: describe(index),
      })),
    },
  };
}

onEachRuntime("a dossier that fills up", (stack) => {
  for (const texts of [
    { characters: 60, bytes: 16_000 },
    { characters: 240, bytes: 3_900 },
    { characters: 400, bytes: 2_000 },
  ]) {
    test(`with ${texts.characters} texts of ${texts.bytes} bytes at a time`, async () => {
      const api = new PlainApi(stack());
      await api.signUp();
      const made = await api.call("POST", "projects", { body: { name: "A long story" } });
      const path = `dossier/${made.body.project_id}`;
      let stored = 0;
      let refusal: any;
      while (!refusal && stored < MANY_CHANGES) {
        const answer = await api.call("PATCH", path, { body: changeOf(texts, stored) });
        if (answer.status === 200) stored += 1;
        else refusal = { change: stored, ...answer };
      }
      assert.ok(refusal, `${stored} changes were stored`);
      assert.deepEqual([refusal.status, refusal.body.code], [413, "body_too_large"], JSON.stringify(refusal.body));
      assert.match(refusal.body.detail, /clear the dossier \(DELETE\) and put back \(PUT\)/);
      assert.ok(stored >= 2, `${stored}`);

      const kept = await api.call("GET", path);
      assert.equal(kept.status, 200);
      assert.equal(kept.body.snapshot_json.characters.length, texts.characters);
      assert.ok(kept.body.snapshot_json.characters[0].description.startsWith(`${stored - 1}.0 `));
      assert.equal((await api.call("GET", `${path}/history?limit=1`)).status, 200);
      assert.equal((await api.call("PUT", path, { body: changeOf(texts, 99) })).status, 413);
      const small = { snapshot_json: { themes: ["Loss"] } };
      const little = await api.call("PATCH", path, { body: small });
      assert.ok([200, 413].includes(little.status), `${little.status}`);

      assert.equal((await api.call("DELETE", path)).status, 200);
      const anew = await api.call("PUT", path, { body: { snapshot_json: kept.body.snapshot_json } });
      assert.equal(anew.status, 200, JSON.stringify(anew.body));
      assert.equal(anew.body.snapshot_json.characters.length, texts.characters);
    });
  }
});
