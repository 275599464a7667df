// Calls of endpoint functions, and the requirements for every list.
import assert from "node:assert/strict";
import type { Row, Target } from "./target.ts";
import { newUser, refusal, type Principal } from "./turns.ts";

/** The envelope that an endpoint function answers this principal with. */
export function ask(
  target: Target,
  principal: Principal,
  name: string,
  request: Row = {},
): Promise<Row> {
  return target.call(name, { principal, ...request });
}

/** A page that is this part of the whole list; `ids` are those of the whole list, in its order. */
export function assertPage(page: Row, key: string, ids: string[], first: number, limit: number) {
  const expected = ids.slice(first, first + limit);
  assert.deepEqual(
    page["body"].map((entry: Row) => entry[key]),
    expected,
  );
  assert.equal(page["total"], ids.length);
  assert.equal(
    page["content_range"],
    expected.length === 0
      ? `*/${ids.length}`
      : `${first}-${first + expected.length - 1}/${ids.length}`,
  );
}

/**
 * Functions about one thing give the same answer to a caller who may not see it as for a missing
 * one.
 */
export async function assertHidden(
  target: Target,
  names: string[],
  anothers: Row,
  unknown: Row,
): Promise<void> {
  const stranger = newUser();
  for (const name of names) {
    const messages: string[] = [];
    for (const request of [anothers, unknown]) {
      await assert.rejects(ask(target, stranger, name, request), (error: Error) => {
        messages.push(error.message);
        return refusal(404, "not_found")(error);
      });
    }
    assert.equal(messages[0], messages[1], name);
  }
}

/** Functions refuse ids that are none, and callers whose token is unknown. */
export async function assertChecked(target: Target, names: string[], idKey: string): Promise<void> {
  const nobody = { kind: "guest", token_hash: "0".repeat(64) };
  for (const name of names) {
    await assert.rejects(
      ask(target, newUser(), name, { [idKey]: "1' or true" }),
      refusal(400, "invalid_id"),
    );
    await assert.rejects(ask(target, nobody, name), refusal(401, "invalid_token"));
  }
}
