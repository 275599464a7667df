// People's actions on their projects, in either database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { SEED } from "../chance.ts";
import { ask, assertChecked, assertHidden, assertPage } from "./lists.ts";
import { randomNumbers } from "../random_numbers.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, newUser, refusal, say, type Principal } from "./turns.ts";

const ABOUT_ONE = ["read_project", "update_project", "delete_project"];

export function describeProjects(target: () => Target): void {
  const create = async (user: Principal, body: Row): Promise<Row> =>
    (await ask(target(), user, "create_project", { body }))["body"];

  test("a project needs a name alone", async () => {
    const user = newUser();
    const made = await ask(target(), user, "create_project", { body: { name: "  The fox " } });
    assert.equal(made["status"], 201);
    const { project_id, created_at, ...members } = made["body"];
    assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.deepEqual(members, {
      user_id: user["subject"],
      name: "The fox",
      is_favourite: false,
      phase: "setup",
      status: "active",
      instructions: null,
      session_count: 0,
      updated_at: created_at,
    });
    const read = await ask(target(), user, "read_project", { project_id });
    assert.deepEqual(read, { body: made["body"], etag: made["etag"] });
    assert.match(read["etag"], /^[0-9a-z]+$/);
  });

  test("a project may be begun with all that it has", async () => {
    const name = "é".repeat(200);
    const instructions = "Пиши коротко.";
    const body = { name, is_favourite: true, phase: "writing", status: "archived", instructions };
    const made = await create(newUser(), body);
    for (const [key, value] of Object.entries(body)) assert.equal(made[key], value);
  });

  test("what a project cannot be is refused, and nothing is stored", async () => {
    const user = newUser();
    const { project_id } = await create(user, { name: "Kept" });
    const wrong: Row[] = [
      { name: "" },
      { name: "   " },
      { name: null },
      { name: "é".repeat(201) },
      { is_favourite: "yes" },
      { is_favourite: null },
      { phase: "later" },
      { phase: null },
      { status: "gone" },
      { status: 1 },
    ];
    for (const part of wrong) {
      const body = { name: "Changed", ...part };
      for (const name of ["create_project", "update_project"]) {
        await assert.rejects(
          ask(target(), user, name, { project_id, body }),
          refusal(422, "invalid_request"),
          JSON.stringify(part),
        );
      }
    }
    await assert.rejects(
      ask(target(), user, "create_project", { body: {} }),
      refusal(422, "invalid_request"),
    );
    const { body } = await ask(target(), user, "list_projects");
    assert.deepEqual(
      body.map((project: Row) => project["name"]),
      ["Kept"],
    );
  });

  test("a change touches what is sent and nothing else", async () => {
    const user = newUser();
    const made = await create(user, { name: "The fox" });
    const { project_id } = made;
    const changed = await ask(target(), user, "update_project", {
      project_id,
      body: { is_favourite: true, name: " The red fox ", other: 1 },
    });
    assert.ok(changed["body"]["updated_at"] > made["updated_at"]);
    assert.deepEqual(changed["body"], {
      ...made,
      is_favourite: true,
      name: "The red fox",
      updated_at: changed["body"]["updated_at"],
    });
    assert.deepEqual(await ask(target(), user, "read_project", { project_id }), changed);
  });

  test("a change that was decided on an older version is refused", async () => {
    const user = newUser();
    const { body, etag } = await ask(target(), user, "create_project", { body: { name: "One" } });
    const { project_id } = body;
    const rename = (name: string, if_match: string | null) =>
      ask(target(), user, "update_project", { project_id, if_match, body: { name } });
    const second = await rename("Two", etag);
    assert.notEqual(second["etag"], etag);
    await assert.rejects(rename("Three", etag), refusal(412, "precondition_failed"));
    await assert.rejects(rename("Three", ""), refusal(412, "precondition_failed"));
    await assert.rejects(
      ask(target(), user, "delete_project", { project_id, if_match: etag }),
      refusal(412, "precondition_failed"),
    );
    const third = await rename("Three", `"1", "${second["etag"]}"`);
    await rename("Four", "*");
    await rename("Five", null);
    await assert.rejects(rename("Six", third["etag"]), refusal(412, "precondition_failed"));
    const read = await ask(target(), user, "read_project", { project_id });
    assert.equal(read["body"]["name"], "Five");
    await ask(target(), user, "delete_project", { project_id, if_match: read["etag"] });
  });

  test("a deleted project takes everything in it along", async () => {
    const user = newUser();
    const kept = await say(target(), user, "Other?", "Other.");
    const turn = await say(target(), user, "Hello?", "Hello.");
    const { project_id, session_id } = turn;
    const running = await begin(target(), user, { session_id });
    await append(target(), running, 0, "There ");
    await target().call("commit_assertions", {
      project_id,
      base: 0,
      assertions: [{ assertion_id: "a".repeat(64), kind: "user", body: {} }],
    });
    const answer = await ask(target(), user, "delete_project", { project_id });
    assert.deepEqual(Object.keys(answer["body"]), ["message"]);
    for (const table of ["projects", "sessions", "dossiers", "dossier_assertions"]) {
      assert.deepEqual(await target().select(table, { project_id }), [], table);
    }
    for (const table of ["messages", "generations"]) {
      assert.deepEqual(await target().select(table, { session_id }), [], table);
    }
    await assert.rejects(append(target(), running, 6, "was"), refusal(404, "not_found"));
    await assert.rejects(finish(target(), running), refusal(404, "not_found"));
    await assert.rejects(
      ask(target(), user, "delete_project", { project_id }),
      refusal(404, "not_found"),
    );
    const { body } = await ask(target(), user, "list_projects");
    assert.deepEqual(
      body.map((project: Row) => project["project_id"]),
      [kept["project_id"]],
    );
  });

  test("a project of another is not there", async () => {
    const user = newUser();
    const { project_id } = await create(user, { name: "Mine" });
    const body = { name: "Theirs" };
    await assertHidden(
      target(),
      ABOUT_ONE,
      { project_id, body },
      { project_id: randomUUID(), body },
    );
    const stranger = await ask(target(), newUser(), "list_projects");
    assert.deepEqual(stranger, { body: [], total: 0, content_range: "*/0" });
    const read = await ask(target(), user, "read_project", { project_id });
    assert.equal(read["body"]["name"], "Mine");
    await assertChecked(target(), ABOUT_ONE, "project_id");
  });

  test("projects that turns have made are listed with their active sessions", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.", { title: "The fox" });
    const { project_id } = first;
    const second = await say(target(), user, "Two?", "Two.", { project_id });
    const count = async () => {
      const [project] = (await ask(target(), user, "list_projects"))["body"];
      assert.equal(project["name"], "The fox");
      return project["session_count"];
    };
    assert.equal(await count(), 2);
    await ask(target(), user, "delete_session", { session_id: second["session_id"] });
    assert.equal(await count(), 1);
  });

  test("sizes and starts of pages are held to what is allowed", async () => {
    const user = newUser();
    const ids: string[] = [];
    for (let index = 0; index < 23; index += 1) {
      ids.unshift((await create(user, { name: `${index}` }))["project_id"]);
    }
    const page = (query: Row) => ask(target(), user, "list_projects", { query });
    assertPage(await page({}), "project_id", ids, 0, 20);
    assertPage(await page({ limit: 0 }), "project_id", ids, 0, 1);
    assertPage(await page({ limit: -5, offset: -5 }), "project_id", ids, 0, 1);
    assertPage(await page({ limit: 1e9 }), "project_id", ids, 0, 100);
    assertPage(await page({ limit: 5, offset: 20 }), "project_id", ids, 20, 5);
    assertPage(await page({ limit: 5, offset: 23 }), "project_id", ids, 23, 5);
    assertPage(await page({ offset: 1e12 }), "project_id", ids, 1_000_000, 20);
    for (const query of [{ order: "phase" }, { order: "name;" }, { direction: "up" }]) {
      await assert.rejects(page(query), refusal(422, "invalid_request"));
    }
  });

  test(`any page is that part of the whole list, whatever happens in between (SEED=${SEED})`, async () => {
    const random = randomNumbers(SEED);
    const pick = <T>(values: readonly T[]) => values[random(values.length)]!;
    const phases = ["setup", "premise", "outline"] as const;
    const statuses = ["active", "archived"] as const;
    const user = newUser();
    const rows: Row[] = [];
    for (let step = 0; step < 150; step += 1) {
      const act = rows.length < 10 ? 0 : random(6);
      if (act === 0) {
        // Names with many equals, so that the order among these counts.
        const body = { name: pick(["A", "B"]), phase: pick(phases), status: pick(statuses) };
        rows.push(await create(user, { ...body, is_favourite: random(2) === 0 }));
      } else if (act === 1) {
        const [gone] = rows.splice(random(rows.length), 1);
        await ask(target(), user, "delete_project", { project_id: gone!["project_id"] });
      } else if (act === 2) {
        const place = random(rows.length);
        const { project_id } = rows[place]!;
        const body = pick<Row>([{ name: "C" }, { is_favourite: random(2) === 0 }]);
        rows[place] = (await ask(target(), user, "update_project", { project_id, body }))["body"];
      } else {
        const order = pick(["updated_at", "created_at", "name"] as const);
        const direction = pick(["asc", "desc"] as const);
        const filter = pick<Row>([
          {},
          { status: pick(statuses) },
          { phase: pick(phases), is_favourite: random(2) === 0 },
        ]);
        const ids = rows
          .filter((row) => Object.entries(filter).every(([key, value]) => row[key] === value))
          .sort((a, b) => {
            const sign = direction === "asc" ? 1 : -1;
            if (a[order] !== b[order]) return a[order] < b[order] ? -sign : sign;
            return a["project_id"] < b["project_id"] ? -1 : 1;
          })
          .map((row) => row["project_id"]);
        const [limit, offset] = [1 + random(7), random(ids.length + 2)];
        const query = { ...filter, order, direction, limit, offset };
        const page = await ask(target(), user, "list_projects", { query });
        assertPage(page, "project_id", ids, offset, limit);
      }
    }
  });
}
