// A dossier by hand: made, replaced, added to, taken back, compared and forgotten, with supabase-js and
// with plain fetch.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { APIS, type Api, type Method } from "./api.ts";
import type { Row } from "./backend.ts";
import { entryId } from "./dossier_log.ts";
import { onEachRuntime, type Stack } from "./stack.ts";

onEachRuntime("dossiers by hand", (stack) => {
  for (const Way of APIS) {
    describe(`with ${Way.title}`, () => byHand(stack, (at) => new Way(at)));
  }
});

const names = (things: Row[]) => things.map((thing) => thing["name"]);

function byHand(stack: () => Stack, makeApi: (stack: Stack) => Api): void {
  let api: Api;
  let path: string;
  let first: Row;
  before(async () => {
    api = makeApi(stack());
    await api.signUp();
  });

  async function ask(method: Method, below: string, body?: object, ifMatch?: number) {
    const headers = ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` };
    return api.call(method, `${path}${below}`, { ...(body && { body }), headers });
  }
  /** A request that must succeed; returns the resulting dossier. */
  async function done(method: Method, below: string, body?: object, ifMatch?: number): Promise<Row> {
    const answer = await ask(method, below, body, ifMatch);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }
  async function refused(code: string, method: Method, below: string, body?: object, ifMatch?: number) {
    const answer = await ask(method, below, body, ifMatch);
    assert.equal(answer.body["code"], code, JSON.stringify(answer.body));
  }

  test("is begun with what is known, in a project of its own", async () => {
    const snapshot_json = {
      title: "The Lighthouse",
      characters: [
        { name: "Mara", age: "30", aliases: ["the keeper"], relationships: ["sister: Ilse"] },
        { name: "Ilse", description: "Afraid of the sea." },
      ],
      themes: ["Loss"],
      locations: ["The lighthouse"],
      plot_points: ["The lamp goes out."],
    };
    const made = await api.call("POST", "dossier", { body: { snapshot_json } });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    first = made.body;
    path = `dossier/${first["project_id"]}`;
    assert.equal(first["title"], "The Lighthouse");
    const { characters, themes, locations, plot_points } = first["snapshot_json"];
    assert.deepEqual(names(characters), ["Mara", "Ilse"]);
    assert.deepEqual([characters[0]["age"], characters[0]["aliases"]], ["30", ["the keeper"]]);
    assert.match(characters[0]["id"], /^[0-9a-f]{16}$/);
    assert.deepEqual([themes, plot_points], [["Loss"], ["The lamp goes out."]]);
    assert.deepEqual(names(locations), ["The lighthouse"]);

    const read = await ask("GET", "");
    assert.deepEqual(read.body, first);
    // Weak where the runtime has compressed the answer.
    const etag = read.headers.get("etag")!;
    assert.equal(etag.replace(/^W\//, ""), `"${first["version"]}"`);
    const known = await api.call("GET", path, { headers: { "if-none-match": etag } });
    assert.deepEqual([known.status, known.body], [304, undefined]);
    const [listed] = (await api.call("GET", "dossier")).body;
    assert.deepEqual([listed["title"], listed["character_count"]], ["The Lighthouse", 2]);
    const project = await api.call("GET", `projects/${first["project_id"]}`);
    assert.equal(project.body["name"], "The Lighthouse");
  });

  test("is not begun twice, nor with what is none", async () => {
    const { project_id } = first;
    const again = { project_id, snapshot_json: { themes: ["Else"] } };
    const answer = await api.call("POST", "dossier", { body: again });
    assert.deepEqual([answer.status, answer.body["code"]], [412, "precondition_failed"]);
    const projects = (await api.select("projects")).length;
    for (const snapshot_json of [{ characters: "Mara" }, { characters: [{ age: "30" }] }]) {
      const wrong = await api.call("POST", "dossier", { body: { snapshot_json } });
      assert.deepEqual([wrong.status, wrong.body["code"]], [422, "invalid_request"]);
    }
    assert.equal((await api.select("projects")).length, projects, "nothing is left of it");
    const empty = await api.call("POST", "projects", { body: { name: "Foxes" } });
    const begun = await api.call("POST", "dossier", {
      body: { project_id: empty.body["project_id"], snapshot_json: { characters: ["Reynard"] } },
    });
    assert.deepEqual([begun.status, begun.body["title"]], [201, "Foxes"]);
  });

  test("is replaced on the version that was seen, and on no other", async () => {
    const { version, snapshot_json } = first;
    const [mara] = snapshot_json["characters"];
    const next = {
      ...snapshot_json,
      characters: [{ ...mara, age: "31" }],
      themes: ["Loss", "The sea"],
    };
    const body = { snapshot_json: next };
    const replaced = await done("PUT", "", body, version);
    const shown = replaced["snapshot_json"];
    assert.deepEqual(names(shown["characters"]), ["Mara"], "what is left out is taken back");
    assert.equal(shown["characters"][0]["id"], mara["id"]);
    assert.equal(shown["characters"][0]["age"], "31");
    assert.deepEqual(shown["themes"], ["Loss", "The sea"]);
    assert.ok(replaced["version"] > version);
    await refused("precondition_failed", "PUT", "", body, version);
    await refused("precondition_failed", "PATCH", "", body, version);
    await refused("precondition_failed", "DELETE", "", undefined, version);
    assert.deepEqual(await done("GET", ""), replaced);
    assert.deepEqual(
      (await done("PUT", "", body, replaced["version"]))["version"],
      replaced["version"],
      "the same again is no change",
    );
  });

  test("is added to", async () => {
    const { snapshot_json } = await done("GET", "");
    const [{ id }] = snapshot_json["characters"];
    const body = {
      snapshot_json: {
        logline: "A keeper cannot sleep.",
        characters: [{ id, eye_colour: "green", age: null }, { name: "Tomas" }],
        themes: ["Sleep"],
      },
    };
    const shown = (await done("PATCH", "", body))["snapshot_json"];
    assert.deepEqual(names(shown["characters"]), ["Mara", "Tomas"]);
    const { age, eye_colour, relationships } = shown["characters"][0];
    assert.deepEqual([age, eye_colour], [undefined, "green"]);
    assert.equal(relationships.length, 1, "what is not named stays");
    assert.deepEqual(shown["themes"], ["Loss", "The sea", "Sleep"]);
    assert.equal(shown["logline"], "A keeper cannot sleep.");
  });

  test("tells relations as objects, and single entries are removed", async () => {
    const before_ = await done("GET", "");
    const [mara, tomas] = before_["snapshot_json"]["characters"];
    const body = { snapshot_json: { characters: [{ id: mara["id"], relationships: ["friend: Tomas"] }] } };
    const told = (await done("PATCH", "", body))["snapshot_json"]["characters"][0]["relations"] as Row[];
    assert.deepEqual(told, [
      { relation: "sister", character_id: null, name: "Ilse" },
      { relation: "friend", character_id: tomas["id"], name: "Tomas" },
    ]);
    const version = (await done("GET", ""))["version"];
    const entry = `/entries/${tomas["id"]}`;
    await refused("precondition_failed", "DELETE", entry, undefined, version - 1);
    const without = await done("DELETE", entry, undefined, version);
    assert.deepEqual(names(without["snapshot_json"]["characters"]), ["Mara"]);
    assert.equal(without["snapshot_json"]["characters"][0]["relations"][1]["character_id"], null);
    await refused("not_found", "DELETE", entry);
    await refused("not_found", "DELETE", `/entries/${"0".repeat(16)}`);
    const facts = (await done("GET", "/provenance?limit=100")) as Row[];
    const theme = facts.find(({ type, value }) => type === "theme" && value === "Sleep")!;
    assert.deepEqual((await done("DELETE", `/entries/${theme["target"]}`))["snapshot_json"]["themes"], ["Loss", "The sea"]);
    for (const _ of [theme, tomas, mara]) await done("POST", "/undo");
    assert.deepEqual((await done("GET", ""))["snapshot_json"], before_["snapshot_json"]);
  });

  test("has versions, which are compared and restored", async () => {
    const versions = await done("GET", "/versions?limit=100");
    const numbers = (versions as Row[]).map((each) => each["version"] as number);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => b - a),
    );
    assert.equal(numbers.at(-1), first["version"]);
    assert.ok((versions as Row[]).every((each) => each["kind"] === "user"));

    const from = first["version"];
    const { changes, ...between } = await done("GET", `/diff?from=${from}`);
    assert.deepEqual(between, { from, to: numbers[0] });
    assert.deepEqual(changes["themes"], { added: ["The sea", "Sleep"], removed: [] });
    assert.deepEqual(names(changes["characters"]["added"]), ["Tomas"]);
    assert.deepEqual(names(changes["characters"]["removed"]), ["Ilse"]);
    const back = (await done("GET", `/diff?from=${numbers[0]}&to=${from}`))["changes"];
    assert.deepEqual(back["themes"], { added: [], removed: ["The sea", "Sleep"] });

    const { snapshot_json } = await done("POST", `/restore/${from}`);
    // Ilse is there again with another id.
    const withNames = ({ characters, ...rest }: Row) => {
      const nameOf = (id: string) => characters.find((each: Row) => each["id"] === id)?.["name"];
      const relationsOf = ({ relations }: Row) =>
        relations.map(({ character_id, ...members }: Row) => ({ ...members, character: nameOf(character_id) }));
      return {
        ...rest,
        characters: characters.map(({ id: _, ...members }: Row) => ({ ...members, relations: relationsOf(members) })),
      };
    };
    assert.deepEqual(withNames(snapshot_json), withNames(first["snapshot_json"]));
    assert.equal(withNames(snapshot_json).characters[0].relations[0].character, "Ilse");
    await refused("not_found", "POST", `/restore/${numbers[0]! + 1000}`);
    await refused("not_found", "GET", "/diff?to=100000");
  });

  test("what was done is undone, and done again", async () => {
    const before_ = await done("GET", "");
    const changed = await done("PATCH", "", { snapshot_json: { genre: "Horror" } });
    assert.equal(changed["snapshot_json"]["genre"], "Horror");
    const undone = await done("POST", "/undo");
    assert.deepEqual(undone["snapshot_json"], before_["snapshot_json"]);
    const redone = await done("POST", "/redo", {});
    assert.deepEqual(redone["snapshot_json"], changed["snapshot_json"]);
    const history = await done("GET", "/history?limit=1");
    assert.equal(history["length"], 1);
    const [change] = (await done("GET", "/history?limit=100") as Row[]).filter(({ entries }) =>
      entries.some((entry: Row) => entry["value"] === "Horror"),
    );
    await done("POST", "/undo", { change: change!["change"] });
    assert.deepEqual((await done("GET", ""))["snapshot_json"], before_["snapshot_json"]);
    await refused("not_found", "POST", "/undo", { change: randomUUID() });
  });

  test("every entry of the log has the hash of what it says as its id", async () => {
    const { project_id } = first;
    const entries = await stack().backend.rows("dossier_assertions", { project_id });
    assert.ok(entries.length > 10);
    for (const entry of entries) assert.equal(entry["assertion_id"], entryId(entry));
  });

  test("says where everything comes from", async () => {
    const facts: Row[] = (await done("GET", "/provenance?limit=100")) as Row[];
    const title = facts.find(({ target, field }) => target === "story" && field === "title")!;
    assert.deepEqual(
      [title["value"], title["kind"], title["message_id"], title["quote"]],
      ["The Lighthouse", "user", null, null],
    );
    const { snapshot_json } = await done("GET", "");
    const { id } = snapshot_json["characters"][0];
    const ofMara = (await done("GET", `/provenance?target=${id}`)) as Row[];
    assert.ok(ofMara.length > 1 && ofMara.length < facts.length);
    assert.ok(ofMara.every(({ target }) => target === id));
  });

  test("is forgotten, and begun anew", async () => {
    const before_ = await done("GET", "");
    const answer = await ask("DELETE", "", undefined, before_["version"]);
    assert.deepEqual([answer.status, typeof answer.body["message"]], [200, "string"]);
    const empty = await done("GET", "");
    assert.deepEqual(empty["snapshot_json"]["characters"], []);
    assert.ok(empty["version"] > before_["version"]);
    assert.deepEqual(await done("GET", "/versions"), []);
    await refused("not_found", "POST", `/restore/${before_["version"]}`);
    const shown = (await done("PATCH", "", { snapshot_json: { characters: ["Ilse"] } }))["snapshot_json"];
    assert.deepEqual(names(shown["characters"]), ["Ilse"], "also what was taken back before");
  });

  test("of 12 who change it at once each is in it, or was told 412", async () => {
    const seen = await done("GET", "");
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, writer) =>
        ask(
          "PATCH",
          "",
          { snapshot_json: { themes: [`Theme ${writer}`] } },
          writer % 2 === 0 ? seen["version"] : undefined,
        ),
      ),
    );
    const accepted = answers.flatMap(({ status, body }, writer) => {
      if (status === 200) {
        assert.ok(body["snapshot_json"]["themes"].includes(`Theme ${writer}`));
        return [`Theme ${writer}`];
      }
      assert.deepEqual([status, writer % 2], [412, 0]);
      return [];
    });
    const { snapshot_json } = await done("GET", "");
    assert.deepEqual(snapshot_json["themes"].toSorted(), accepted.toSorted());
    assert.ok(accepted.length >= 6, `${accepted.length}`);
  });
}
