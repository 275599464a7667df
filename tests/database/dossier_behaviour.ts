// Dossiers as people see them, in either database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { assertion, commit, EMPTY_SNAPSHOT, newProject, readLog, snapshot } from "./dossiers.ts";
import { ask, assertChecked, assertHidden, assertPage } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { newUser, only, refusal, say } from "./turns.ts";

export function describeDossiers(target: () => Target): void {
  test("each new project has an empty dossier under the project's name", async () => {
    const user = newUser();
    const { project_id } = await say(target(), user, "Hello?", "Hello.", { title: "By a turn" });
    const other = await newProject(target(), user, "By itself");
    for (const [id, title] of [
      [project_id, "By a turn"],
      [other, "By itself"],
    ]) {
      const read = await ask(target(), user, "read_dossier", { project_id: id });
      const { created_at, updated_at, ...members } = read["body"];
      assert.deepEqual(members, {
        project_id: id,
        user_id: user["subject"],
        title,
        version: 0,
        snapshot_json: EMPTY_SNAPSHOT,
      });
      assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.equal(updated_at, created_at);
      assert.equal(read["etag"], "0");
    }
  });

  test("a snapshot is stored with the position that it covers, and read", async () => {
    const user = newUser();
    const project_id = await newProject(target(), user);
    const told = snapshot("A fox is wise.", {
      characters: [{ id: "c1", name: "Reynard" }, { id: "c2" }],
      themes: ["cunning"],
      objects: [{}, {}, {}],
    });
    const answer = await commit(target(), project_id, 0, [assertion(1), assertion(2)], {
      snapshot: told,
    });
    assert.deepEqual(answer, { head: 2, added: 2, folded_to: 2, log_start: 0, tail: null });
    const read = await ask(target(), user, "read_dossier", { project_id });
    assert.deepEqual(read["body"]["snapshot_json"], told);
    assert.deepEqual([read["body"]["version"], read["etag"]], [2, "2"]);
    assert.ok(read["body"]["updated_at"] > read["body"]["created_at"]);
    const [listed] = (await ask(target(), user, "list_dossiers"))["body"];
    assert.deepEqual(listed, {
      project_id,
      title: "The fox",
      version: 2,
      character_count: 2,
      theme_count: 1,
      location_count: 0,
      plot_point_count: 0,
      object_count: 3,
      open_question_count: 0,
      updated_at: read["body"]["updated_at"],
    });
  });

  test("a dossier's own title comes before the project's name", async () => {
    const user = newUser();
    const project_id = await newProject(target(), user, "Working title");
    const titleAfter = async (base: number, title: unknown) => {
      await commit(target(), project_id, base, [], { snapshot: snapshot("", { title }) });
      const read = await ask(target(), user, "read_dossier", { project_id });
      const [listed] = (await ask(target(), user, "list_dossiers"))["body"];
      assert.equal(listed["title"], read["body"]["title"]);
      return listed["title"];
    };
    assert.equal(await titleAfter(0, " The Wise Fox "), "The Wise Fox");
    for (const none of ["", "  ", null, 7, { text: "x" }]) {
      assert.equal(await titleAfter(0, none), "Working title", JSON.stringify(none));
    }
  });

  test("a dossier of another is not there", async () => {
    const user = newUser();
    const project_id = await newProject(target(), user);
    const change = { base: 0, assertions: [assertion("x")] };
    const names = ["read_dossier", "commit_assertions"];
    const unknown = { project_id: randomUUID(), ...change };
    await assertHidden(target(), names, { project_id, ...change }, unknown);
    await assert.rejects(
      commit(target(), unknown.project_id, 0, []),
      refusal(404, "not_found"),
      "background work",
    );
    await assertChecked(target(), ["read_dossier"], "project_id");
    await assert.rejects(
      target().call("commit_assertions", { base: 0, assertions: [] }),
      refusal(404, "not_found"),
    );
    assert.deepEqual(await readLog(target(), project_id), []);
    const own = await ask(target(), user, "commit_assertions", { project_id, ...change });
    assert.equal(own["added"], 1);
  });

  test("dossiers are listed newest first, page by page, each to its owner", async () => {
    const user = newUser();
    await newProject(target(), newUser());
    const ids: string[] = [];
    for (let index = 0; index < 12; index += 1) {
      ids.unshift(await newProject(target(), user, `${index}`));
    }
    const touch = async (place: number) => {
      const [project_id] = ids.splice(place, 1);
      const { head } = await only(target(), "dossiers", { project_id });
      await commit(target(), project_id!, Number(head), [assertion(randomUUID())]);
      ids.unshift(project_id!);
    };
    const page = (query: Row) => ask(target(), user, "list_dossiers", { query });
    for (const place of [11, 3, 7]) {
      await touch(place);
      for (const offset of [0, 5, 10, 12]) {
        assertPage(await page({ limit: 5, offset }), "project_id", ids, offset, 5);
      }
    }
    await ask(target(), user, "delete_project", { project_id: ids.splice(4, 1)[0]! });
    assertPage(await page({}), "project_id", ids, 0, 20);
    assertPage(await ask(target(), newUser(), "list_dossiers"), "project_id", [], 0, 20);
  });
}
