// Races of turns with people's concurrent actions on messages, on a real PostgreSQL: the embedded one
// runs one call at a time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SEED, chance } from "../chance.ts";
import { editReply, select, takes } from "./actions.ts";
import { randomNumbers } from "../random_numbers.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { Refusal, type Row } from "./target.ts";
import {
  append,
  begin,
  finish,
  messagesOf,
  newUser,
  only,
  say,
  silence,
  type Principal,
} from "./turns.ts";


let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

const isBusy = (error: unknown) =>
  error instanceof Refusal && error.code === "turn_in_progress" && error.status === 409;

/** Comes back until no other turn is in the way; how often it had to. */
async function persist(work: () => Promise<unknown>): Promise<number> {
  for (let refused = 0; ; refused += 1) {
    try {
      await work();
      return refused;
    } catch (error) {
      if (!isBusy(error)) throw error;
      await delay(5 + chance() * 60);
    }
  }
}

async function turnInParts(user: Principal, changes: Row): Promise<void> {
  const turn = await begin(target, user, changes);
  const base: number = turn["base_bytes"];
  await append(target, turn, base, "Yes, ");
  await finish(target, turn, { from_offset: base + 5, text: `${changes["text"]}.` });
}

test("50 turns at once in 50 sessions of one user all begin and end", async () => {
  const user = newUser();
  const sessions = await times(50, async (index) => {
    return (await say(target, user, `${index}?`, `${index}.`))["session_id"];
  });
  await times(50, (index) =>
    turnInParts(user, { session_id: sessions[index], text: `again ${index}` }),
  );
  for (const [index, session_id] of sessions.entries()) {
    const messages = await messagesOf(target, { session_id });
    assert.deepEqual(
      messages.map((message) => [message["content"], message["position"], message["depth"]]),
      [
        [`${index}?`, 1, 1],
        [`${index}.`, 2, 2],
        [`again ${index}`, 3, 3],
        [`Yes, again ${index}.`, 4, 4],
      ],
    );
  }
  await assertSound(target);
});

test("50 turns at once in one session, whose refused callers come back, are all served in order", async () => {
  const user = newUser();
  const { session_id } = await say(target, user, "0", "Yes, 0.");
  const refused = await times(50, (index) =>
    persist(() => turnInParts(user, { session_id, text: `${index + 1}` })),
  );
  assert.ok(
    refused.some((count) => count > 0),
    "some were refused",
  );
  const messages = await messagesOf(target, { session_id });
  const order = Array.from({ length: 102 }, (_, index) => index + 1);
  assert.deepEqual(
    messages.map((message) => message["position"]),
    order,
  );
  assert.deepEqual(
    messages.map((message) => message["depth"]),
    order,
  );
  assert.deepEqual(
    messages.map((message) => message["turn_number"]),
    order.map((position) => Math.ceil(position / 2)),
  );
  messages.forEach((message, index) => {
    assert.equal(message["parent_id"], messages[index - 1]?.["message_id"] ?? null);
    if (message["role"] === "assistant") {
      assert.equal(message["content"], `Yes, ${messages[index - 1]!["content"]}.`);
    }
  });
  const session = await only(target, "sessions", { session_id });
  assert.deepEqual(
    [session["turn_count"], session["message_count"], Number(session["last_epoch"])],
    [51, 102, 51],
  );
  await assertSound(target);
});

test(`whatever is done at once in one session, the tree stays sound (SEED=${SEED})`, async () => {
  const user = newUser();
  const first = await say(target, user, "0", "Yes, 0.");
  const { session_id } = first;
  const questions: string[] = [first["user_message_id"]];
  const replies: string[] = [first["message_id"]];
  const done = new Map<string, number>();

  async function worker(index: number): Promise<void> {
    const random = randomNumbers(SEED + index);
    const any = (ids: string[]) => ids[random(ids.length)]!;
    const turn = async (request: Row) => {
      const begun = await begin(target, user, request);
      const base: number = begun["base_bytes"];
      questions.push(begun["user_message_id"]);
      if (random(3) > 0) await append(target, begun, base, "Yes, ");
      const fate = random(6);
      if (fate === 0)
        await silence(target, begun, 16); // Its isolate dies.
      else {
        const text = fate === 1 ? "" : `Yes, ${request["text"]}.`;
        const end = { from_offset: base, text, status: fate === 1 ? "failed" : "complete" };
        await times(fate === 2 ? 2 : 1, () => finish(target, begun, end));
      }
      const { message_id } = await target.call("read_turn", {
        principal: user,
        generation_id: begun["generation_id"],
      });
      if (message_id !== null) replies.push(message_id);
    };
    const works: Record<string, () => Promise<unknown>> = {
      say: () => turn({ session_id, text: `${index}` }),
      edit: () => turn({ action: "edit", message_id: any(questions), text: `${index}` }),
      regenerate: () =>
        turn({ action: "regenerate", message_id: any(random(2) === 0 ? questions : replies) }),
      continue: () => turn({ action: "continue", message_id: any(replies), instruction: "More." }),
      select: () => select(target, user, any(random(2) === 0 ? questions : replies)),
      change: () => editReply(target, user, any(replies), `changed by ${index}`),
      list: () => takes(target, user, any(replies)),
    };
    const names = Object.keys(works);
    for (let step = 0; step < 12; step += 1) {
      const name = names[random(names.length)]!;
      await persist(works[name]!);
      done.set(name, (done.get(name) ?? 0) + 1);
      if (random(4) === 0) await assertSound(target);
    }
  }

  await times(16, worker);
  assert.equal(done.size, 7, "everything has been done");
  await assertSound(target);
});
