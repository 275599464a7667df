// A guest's session without its token: the refusal explains what is missing, only to guests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { talk } from "./chat.ts";
import { describeFieldCases } from "./field_cases.ts";
import { onEachRuntime } from "./stack.ts";
import { signUp } from "./supabase.ts";

onEachRuntime("a guest's session", (stack) => {
  describeFieldCases(stack);

  const say = async (body: object, token?: string) => {
    const response = await fetch(`${stack().url}/functions/v1/chat`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as { code: string; detail: string } };
  };

  test("is refused without the guest's token in words that name the token", async () => {
    const prompt = "Who keeps the light?";
    stack().backend.model.tell(prompt, ["Mara."]);
    const { events } = await talk(stack(), { text: prompt });
    const { session_id, project_id, guest_token } = events.metadata as Record<string, string>;
    assert.match(guest_token ?? "", /^fg_/);
    stack().backend.secrets.add(guest_token!);
    for (const named of [{ session_id }, { project_id }]) {
      const refused = await say({ text: prompt, ...named });
      assert.deepEqual([refused.status, refused.body.code], [404, "not_found"]);
      assert.match(refused.body.detail, /x-guest-token.+Authorization: Bearer fg_/);
    }
    const somebody = await signUp(stack());
    const other = await say({ text: prompt, session_id }, somebody.token);
    assert.equal(other.status, 404);
    assert.doesNotMatch(other.body.detail, /guest/);
    const again = await talk(stack(), { text: prompt, session_id }, { token: guest_token! });
    assert.equal(again.events.metadata["session_id"], session_id);
  });
});
