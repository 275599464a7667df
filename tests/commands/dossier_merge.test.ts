import assert from "node:assert/strict";
import { test } from "node:test";
import { merge, run } from "./fabula_dossier.ts";

const entry = (id: string, name: string, ...aliases: string[]) => ({ id, name, aliases });
const line = (work: string, segment: number, ...characters: object[]) =>
  `${JSON.stringify({ work, segment, characters })}\n`;

test("works are merged each by itself and come by name", () => {
  const lines =
    line("b", 0, entry("1", "Bess", "Elizabeth Vane")) +
    line("a", 0, entry("1", "Mr. Moll"), entry("2", "Mrs. Moll")) +
    line("b", 1, entry("2", "ELIZABETH VANE"));
  assert.deepEqual(merge(lines), [
    {
      work: "a",
      assignments: { 1: "c1", 2: "c2" },
      dossier: {
        characters: [
          { id: "c1", name: "Mr. Moll", aliases: [] },
          { id: "c2", name: "Mrs. Moll", aliases: [] },
        ],
      },
    },
    {
      work: "b",
      assignments: { 1: "c1", 2: "c1" },
      dossier: { characters: [{ id: "c1", name: "Elizabeth Vane", aliases: ["Bess"] }] },
    },
  ]);
});

test("other fields are ignored; aliases, segments and blank lines need not be there", () => {
  const lines =
    '{"work":"w","year":1,"characters":[{"id":"x","name":"Tom","gold":{"a":[1]},"aliases":null}]}\r\n' +
    '\n{"segment":3,"characters":[{"name":"Tom","id":7}],"work":"w"}';
  assert.deepEqual(merge(lines)[0]?.assignments, { x: "c1", 7: "c1" });
  assert.deepEqual(merge(""), []);
  assert.deepEqual(merge('{"work":"w","characters":[]}')[0]?.assignments, {});
});

test("an id that comes twice is one record, whatever each says of it", () => {
  const twice = line("w", 0, entry("1", "Mr. Darcy")) + line("w", 4, entry("1", "Mrs. Bennet"));
  const [work] = merge(twice);
  assert.deepEqual(work?.assignments, { 1: "c1" });
  assert.equal(work?.dossier.characters.length, 1);
});

test("a line that cannot be read is named", () => {
  const good = line("w", 0, entry("1", "Tom"));
  const faults: [string, RegExp][] = [
    ["{", /line 2: /],
    ['["w"]', /line 2: .*"work"/],
    ['{"characters":[]}', /line 2: .*"work"/],
    ['{"work":"w"}', /line 2: "characters" must be a list/],
    ['{"work":"w","characters":[1]}', /line 2: .*"id"/],
    ['{"work":"w","characters":[{"id":"1"}]}', /line 2: .*"name"/],
    ['{"work":"w","characters":[{"id":"1","name":"a","aliases":[1]}]}', /line 2: "aliases"/],
    ['{"work":"w","segment":-1,"characters":[]}', /line 2: "segment"/],
    ['{"work":"w","segment":"one","characters":[]}', /line 2: "segment"/],
    [`${"[".repeat(100)}${"]".repeat(100)}`, /line 2: /],
  ];
  for (const [fault, message] of faults) {
    const { status, output, complaint } = run([], `${good}${fault}\n${good}`);
    assert.equal(status, 1);
    assert.equal(output, "");
    assert.match(complaint, message);
  }
  const bytes = Buffer.concat([Buffer.from(good), Buffer.from([0xff, 0x0a])]);
  assert.match(run([], bytes).complaint, /line 2: /);
});

test("the arguments are explained", () => {
  assert.match(run(["--help"]).output, /--shuffle SEED/);
  for (const words of [["--shuffle"], ["--shuffle", "x"], ["--seed", "1"], ["file"]]) {
    const { status, complaint } = run(words);
    assert.equal(status, 2);
    assert.match(complaint, /--help/);
  }
  assert.equal(run(["--shuffle=3"]).status, 0);
});

test("a hundred thousand records of many works are merged", () => {
  let lines = "";
  for (let work = 0; work < 500; ++work) {
    for (let segment = 0; segment < 20; ++segment) {
      const characters = Array.from({ length: 10 }, (_, index) =>
        entry(`${segment}/${index}`, `Name${index} Family${index % 4}`, `Name${index}`),
      );
      lines += line(`w${work}`, segment, ...characters);
    }
  }
  const works = merge(lines);
  assert.equal(works.length, 500);
  assert.ok(works.every(({ dossier }) => dossier.characters.length === 10));
});
