// A caller whose answers get lost, and whose calls overtake each other: whatever happens, the reply is
// stored once and whole.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SEED } from "../chance.ts";
import { randomNumbers } from "../random_numbers.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { append, begin, finish, newUser, only } from "./turns.ts";

const TURNS = Number(process.env["TURNS"] ?? 60);

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const ALPHABET = ["a", "b", " ", "\n", "é", "ß", "€", "字", "🦊", "\\", "'", '"'];

test(`no sequence of lost and repeated calls doubles or loses text (SEED=${SEED})`, async () => {
  const random = randomNumbers(SEED);
  const user = newUser();
  for (let index = 0; index < TURNS; index += 1) {
    const characters = Array.from(
      { length: 1 + random(60) },
      () => ALPHABET[random(ALPHABET.length)]!,
    );
    const reply = characters.join("");
    const turn = await begin(target, user);
    const sent: { offset: number; text: string }[] = [];
    let produced = 0;
    let acknowledged = 0;
    while (produced < characters.length) {
      produced += 1 + random(8);
      const soFar = Buffer.from(characters.slice(0, produced).join(""));
      const call = { offset: acknowledged, text: soFar.subarray(acknowledged).toString() };
      const fate = random(5);
      if (fate === 0) continue; // The request was lost.
      sent.push(call);
      const answer = await append(target, turn, call.offset, call.text);
      assert.equal(answer["saved_bytes"], soFar.length);
      if (fate !== 1) acknowledged = answer["saved_bytes"]; // Otherwise the answer was lost.
      if (fate === 2) {
        const late = sent[random(sent.length)]!;
        assert.equal(
          (await append(target, turn, late.offset, late.text))["saved_bytes"],
          soFar.length,
        );
      }
    }
    const end = {
      from_offset: acknowledged,
      text: Buffer.from(reply).subarray(acknowledged).toString(),
    };
    await finish(target, turn, end);
    if (random(2) === 0) assert.equal((await finish(target, turn, end))["already"], true);
    const message = await only(target, "messages", { message_id: turn["message_id"] });
    assert.equal(message["content"], reply, `turn ${index}`);
  }
});
