// What an attacker without a token costs: thousands of requests from many networks, through the whole stack.
import assert from "node:assert/strict";
import { test } from "node:test";
import { onEachRuntime } from "./stack.ts";

const REQUESTS = 2_000;
const NETWORKS = 50;
const AT_ONCE = 25;
const MOST_GUESTS = 100;
const MOST_GUESTS_OF_NETWORK = 3;
const REFILLED = 8;
const LIMITS = {
  prefix: { new_guests: MOST_GUESTS_OF_NETWORK, guest_window_seconds: 3600 },
  deployment: { new_guests: MOST_GUESTS, guest_window_seconds: 3600 },
};

/** An address of the network with this number, another host each time. */
function addressOf(network: number, host: number): string {
  return `203.${network}.113.${(host % 254) + 1}`;
}

onEachRuntime(
  "an attack without tokens",
  (stack) => {
    async function say(network: number, host: number): Promise<Response> {
      const response = await fetch(`${stack().url}/functions/v1/chat`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json",
          // The attacker writes the first one; the operator's proxy appends the other.
          "x-client-address": `198.51.100.${host % 250}, ${addressOf(network, host)}`,
        },
        body: JSON.stringify({ text: "Spend." }),
      });
      return response;
    }

    test(`${REQUESTS} requests from ${NETWORKS} networks: the settings' guests are made, and no others`, async () => {
      const { backend } = stack();
      let calls = 0;
      backend.model.scriptOthers((reply) => {
        calls += 1;
        reply.text("A fox.");
        reply.finish();
      });
      const statuses = new Map<number, number>();
      const refusals: { code: string; retryAfter: string | null }[] = [];
      let next = 0;
      const attacker = async () => {
        for (let number = next++; number < REQUESTS; number = next++) {
          const response = await say(number % NETWORKS, number);
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          const body = (await response.json()) as { code: string };
          if (response.status !== 200) {
            refusals.push({ code: body.code, retryAfter: response.headers.get("retry-after") });
          }
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, attacker));

      // Meanwhile the allowance refills, by one guest each 36 seconds.
      const guests = (await backend.rows("principals", { kind: "guest" })).length;
      assert.ok(guests >= MOST_GUESTS && guests <= MOST_GUESTS + REFILLED, `${guests} guests`);
      assert.equal(statuses.get(200), guests, JSON.stringify([...statuses]));
      assert.deepEqual(new Set(refusals.map(({ code }) => code)), new Set(["rate_limited", "capacity_exceeded"]));
      assert.ok(refusals.every(({ retryAfter }) => Number(retryAfter) > 0));
      // Nothing but the replies: their texts are too short to be read for a dossier.
      assert.equal(calls, guests);
      const ledger = await backend.rows("model_calls", {});
      assert.equal(ledger.length, calls, "each call is in the ledger");
    });
  },
  {
    settings: () => ({
      FABULA_LIMITS: JSON.stringify(LIMITS),
      FABULA_CLIENT_ADDRESS_HEADER: "x-client-address",
    }),
  },
);

onEachRuntime(
  "a server without guests",
  (stack) => {
    test("a request without a token makes no guest and no call, and says what may be done", async () => {
      let calls = 0;
      stack().backend.model.scriptOthers((reply) => {
        calls += 1;
        reply.finish();
      });
      const requests: [string, object | undefined][] = [
        ["chat", { text: "Spend." }],
        ["users/guest", undefined],
        ["story/generate-premise", { title: "Spend" }],
        ["companion/chat", { messages: [{ role: "user", content: "Spend." }] }],
      ];
      for (const [path, request] of requests) {
        const response = await fetch(`${stack().url}/functions/v1/${path}`, {
          method: "POST",
          headers: { "content-type": "application/json", accept: "application/json" },
          ...(request && { body: JSON.stringify(request) }),
        });
        const body = (await response.json()) as { code: string; detail: string };
        assert.deepEqual([path, response.status, body.code], [path, 401, "missing_credentials"]);
        assert.match(body.detail, /sign in/i);
      }
      assert.equal(calls, 0);
      assert.equal((await stack().backend.rows("principals", { kind: "guest" })).length, 0);
    });
  },
  { settings: () => ({ FABULA_GUESTS: "off" }) },
);
