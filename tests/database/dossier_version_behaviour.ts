// Versions of a dossier, and changes based on a version the client has seen, in both databases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomUUID } from "node:crypto";
import { assertion, commit, EMPTY_SNAPSHOT, newProject, readLog, snapshot } from "./dossiers.ts";
import { ask, assertHidden, assertPage } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { newUser, only, refusal, say, type Principal } from "./turns.ts";

export function describeDossierVersions(target: () => Target): void {
  const contents = (entries: Row[]) => entries.map((entry) => entry["body"]["content"]);
  const readDossierLog = (user: Principal | null, project_id: string, part: Row = {}) =>
    target().call("read_dossier_log", { principal: user, project_id, ...part });

  test("a log is read from and up to positions, with its snapshot at first", async () => {
    const user = newUser();
    const project_id = await newProject(target(), user, "Foxes");
    const told = snapshot("abc");
    const letters = ["a", "b", "c"].map((letter) => assertion(letter));
    await commit(target(), project_id, 0, letters, { snapshot: told });
    await commit(target(), project_id, 3, [assertion("d")]);
    for (const reader of [user, null]) {
      const { entries, ...whole } = await readDossierLog(reader, project_id);
      assert.deepEqual(whole, {
        project_id,
        user_id: user["subject"],
        name: "Foxes",
        head: 4,
        folded_to: 3,
        log_start: 0,
        snapshot: told,
      });
      assert.deepEqual(contents(entries), ["a", "b", "c", "d"]);
      assert.deepEqual(Object.keys(entries[0]).sort(), [
        "assertion_id",
        "body",
        "kind",
        "message_id",
        "position",
      ]);
    }
    const part = await readDossierLog(user, project_id, { after: 1, until: 3 });
    assert.deepEqual([part["snapshot"], contents(part["entries"])], [null, ["b", "c"]]);
    const rest = await readDossierLog(user, project_id, { after: 4 });
    assert.deepEqual([rest["head"], rest["entries"]], [4, []]);
    for (const wrong of [{ after: -1 }, { until: "x" }, { after: 1.5 }]) {
      await assert.rejects(
        readDossierLog(user, project_id, wrong),
        refusal(422, "invalid_request"),
      );
    }
  });

  test("a change that was made on another version than the head is refused whole", async () => {
    const project_id = await newProject(target(), newUser());
    const change = (base: number, if_match: string | null, name: string) =>
      commit(target(), project_id, base, [assertion(name, { kind: "user" })], { if_match });
    assert.equal((await change(0, "0", "a"))["head"], 1);
    await assert.rejects(change(0, "0", "b"), refusal(412, "precondition_failed"));
    await assert.rejects(change(1, "2", "b"), refusal(412, "precondition_failed"));
    assert.equal((await change(0, null, "c"))["head"], 2, "without one nothing is asked");
    assert.equal((await change(0, "*", "d"))["head"], 3);
    await assert.rejects(
      commit(target(), project_id, 3, [], { if_match: "2" }),
      refusal(412, "precondition_failed"),
      "a change that adds nothing",
    );
    assert.deepEqual(contents(await readLog(target(), project_id)), ["a", "c", "d"]);
  });

  test("a change whose answer was lost is not refused for what it has changed itself", async () => {
    const project_id = await newProject(target(), newUser());
    const change = () =>
      commit(target(), project_id, 0, [assertion("a"), assertion("b")], { if_match: "0" });
    await change();
    const again = await change();
    assert.deepEqual([again["head"], again["added"]], [2, 0]);
    await commit(target(), project_id, 2, [assertion("c")]);
    assert.equal((await change())["added"], 0);
    const partly = [assertion("b"), assertion("d")];
    await assert.rejects(
      commit(target(), project_id, 3, partly, { if_match: "0" }),
      refusal(412, "precondition_failed"),
    );
  });

  test("each change is a version, newest first", async () => {
    const user = newUser();
    const { project_id } = await say(target(), user, "Who?", "A fox.");
    await commit(target(), project_id, 0, [assertion("a"), assertion("b"), assertion("c")]);
    const said = { kind: "user", body: { do: "set", content: "d" } };
    await commit(target(), project_id, 0, [assertion("d", said), assertion("a")]);
    const { body } = await ask(target(), user, "list_dossier_versions", { project_id });
    const described = body.map(({ created_at, ...version }: Row) => {
      assert.match(created_at, /^\d{4}-\d\d-\d\dT.*Z$/);
      return version;
    });
    assert.deepEqual(described, [
      { version: 4, kind: "user", change: "set", entries: 1 },
      { version: 3, kind: "extracted", change: null, entries: 3 },
    ]);
    for (let entry = 0; entry < 23; entry += 1) {
      await commit(target(), project_id, 0, [assertion(entry)]);
    }
    const versions = ["3", ...Array.from({ length: 24 }, (_, index) => `${index + 4}`)].reverse();
    for (const [limit, offset] of [
      [20, 0],
      [10, 20],
      [10, 30],
    ] as const) {
      const query = { limit, offset };
      const page = await ask(target(), user, "list_dossier_versions", { project_id, query });
      const texts = page["body"].map((row: Row) => ({ version: `${row["version"]}` }));
      assertPage({ ...page, body: texts }, "version", versions, offset, limit);
    }
  });

  test("a dossier that is cleared is empty, of a later version, and forgets its log", async () => {
    const user = newUser();
    const { project_id, message_id } = await say(target(), user, "Who?", "A fox.", {
      title: "The fox",
    });
    const found = [assertion("a", { message_id }), assertion("b")];
    const facts = { text: "A fox.", fact_ids: [] };
    await commit(target(), project_id, 0, found, { snapshot: snapshot("ab"), facts });
    const clear = (if_match?: string) =>
      ask(target(), user, "clear_dossier", { project_id, if_match });
    await assert.rejects(clear("1"), refusal(412, "precondition_failed"));
    await clear("2");
    const read = await ask(target(), user, "read_dossier", { project_id });
    assert.deepEqual(read["body"]["snapshot_json"], EMPTY_SNAPSHOT);
    assert.deepEqual([read["etag"], read["head"]], ["3", 3]);
    const row = await only(target(), "dossiers", { project_id });
    assert.deepEqual([row["facts_json"], Number(row["log_start"])], [{}, 3]);
    assert.deepEqual(await target().select("dossier_assertions", { project_id }), []);

    // A client with the old log learns that it was removed, and cannot store its result.
    const late = await commit(target(), project_id, 2, [], { snapshot: snapshot("ab") });
    assert.deepEqual(late, { head: 3, added: 0, folded_to: 3, log_start: 3, tail: [] });
    await commit(target(), project_id, 3, [assertion("a")], { snapshot: snapshot("a") });
    const next = await readDossierLog(user, project_id);
    assert.deepEqual(
      [next["head"], next["folded_to"], next["snapshot"], contents(next["entries"])],
      [4, 4, snapshot("a"), ["a"]],
    );
    const { body } = await ask(target(), user, "list_dossier_versions", { project_id });
    assert.deepEqual([body.length, body[0]["version"], body[0]["entries"]], [1, 4, 1]);
    await clear();
    assert.equal((await ask(target(), user, "read_dossier", { project_id }))["etag"], "5");
  });

  test("a snapshot comes with what prompts are told of it", async () => {
    const project_id = await newProject(target(), newUser());
    const facts = { text: "Mara is 30.", fact_ids: ["a".repeat(64)] };
    const stored = async () => (await only(target(), "dossiers", { project_id }))["facts_json"];
    await commit(target(), project_id, 0, [], { snapshot: snapshot("a"), facts });
    assert.deepEqual(await stored(), facts);
    await commit(target(), project_id, 0, [assertion("a")], { snapshot: snapshot("b") });
    assert.deepEqual(await stored(), {}, "they are of that snapshot alone");
    for (const [wrong, status, code] of [
      [[], 422, "invalid_request"],
      [{ text: "x".repeat(262_144) }, 413, "body_too_large"],
    ] as const) {
      await assert.rejects(
        commit(target(), project_id, 1, [], { snapshot: snapshot("c"), facts: wrong }),
        refusal(status, code),
      );
    }
  });

  test("the log, the versions and the end of another's dossier are not there", async () => {
    const project_id = await newProject(target(), newUser());
    const names = ["read_dossier_log", "list_dossier_versions", "clear_dossier"];
    await assertHidden(target(), names, { project_id }, { project_id: randomUUID() });
  });
}
