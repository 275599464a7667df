// The cost of an attacker without a token: thousands of requests from many networks, through the whole stack.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "./backend.ts";
import { postChat, readEvents, talk } from "./chat.ts";
import { onEachRuntime } from "./stack.ts";
import { makeGate, until } from "./wait.ts";

const REQUESTS = 2_000;
const NETWORKS = 50;
const AT_ONCE = 25;
const MOST_GUESTS = 100;
const MOST_GUESTS_OF_NETWORK = 3;
const REFILLED = 8;
const STREAMS_OF_GUEST = 2;
const JOBS_OF_GUEST = 4;
const TOKENS_OF_GUEST = 50_000;
const LIMITS = {
  guest: { streams: STREAMS_OF_GUEST, open_jobs: JOBS_OF_GUEST, tokens_a_day: TOKENS_OF_GUEST },
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

    async function post(path: string, token: string, body: object): Promise<{ status: number; body: Row }> {
      const response = await fetch(`${stack().url}/functions/v1${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Row };
    }

    test("one guest's streams, imports and long texts stop at the guest's share, and all is in the ledger", async () => {
      const { backend } = stack();
      const held = makeGate();
      const spent = { calls: 0, input: 0, output: 0 };
      backend.model.scriptOthers(async (reply) => {
        const isFirst = spent.calls === 0;
        const inputTokens = Math.round(JSON.stringify(reply.request).length / 4);
        spent.calls += 1;
        spent.input += inputTokens;
        spent.output += 40;
        reply.text("A fox.");
        if (!isFirst) await held.opened;
        reply.finish(inputTokens, 40);
      });
      const { guestToken: token } = await talk(stack(), { text: "Once?" });
      const refusalOf = async (response: Response): Promise<unknown[]> => {
        const { code, scope } = (await response.json()) as Row;
        return [response.status, code, scope, Number(response.headers.get("retry-after")) > 0];
      };

      const running: Promise<unknown>[] = [];
      for (let stream = 0; stream < STREAMS_OF_GUEST; stream += 1) {
        const response = await postChat(stack(), { text: `Again ${stream}?` }, { token });
        if (response.status !== 200) assert.fail(await response.text());
        running.push(readEvents(response));
      }
      const refused = [429, "rate_limited", "caller", true];
      assert.deepEqual(await refusalOf(await postChat(stack(), { text: "More?" }, { token })), refused);
      held.open();
      await Promise.all(running);

      const startImport = async () => {
        const { body: project } = await post("/projects", token, { name: "The Sea" });
        return post(`/dossier/${project["project_id"]}/import`, token, { text: "Mara Quill kept the light." });
      };
      // The conversation is to be read for the dossier, which is a job too.
      const openJobs = (await backend.rows("jobs", {})).filter(({ finished_at }) => finished_at === null).length;
      for (let job = openJobs; job < JOBS_OF_GUEST; job += 1) assert.equal((await startImport()).status, 202);
      const imported = await startImport();
      assert.deepEqual([imported.status, imported.body["code"], imported.body["scope"]], [429, "rate_limited", "caller"]);

      const long = { text: "The sea was grey. ".repeat(2_700) };
      let refusal: unknown[] | undefined;
      while (!refusal) {
        const messages = await backend.rows("messages", {});
        const response = await postChat(stack(), long, { token });
        if (response.status === 200) {
          await readEvents(response);
          assert.ok(spent.input + spent.output <= TOKENS_OF_GUEST, JSON.stringify(spent));
          continue;
        }
        refusal = await refusalOf(response);
        assert.deepEqual(await backend.rows("messages", {}), messages, "nothing of it is stored");
      }
      assert.deepEqual(refusal, refused);

      const bot = await post("/stream/v1/bots", token, { model: "scripted", name: "A thief", access_path: backend.model.baseUrl });
      assert.deepEqual([bot.status, bot.body["code"]], [422, "invalid_request"]);

      const counted = await until("all calls are in the ledger", async () => {
        const rows = await backend.rows("model_calls", {});
        return rows.length === spent.calls && rows;
      });
      const sum = (column: string) => counted.reduce((total, row) => total + row[column], 0);
      assert.deepEqual([sum("input_tokens"), sum("output_tokens")], [spent.input, spent.output]);
      assert.ok(counted.every((row) => row["owner_id"] === counted[0]!["owner_id"]));
    });

    test(`${REQUESTS} requests from ${NETWORKS} networks: the settings' guests are made, and no others`, async () => {
      const { backend } = stack();
      const [guestsBefore, callsBefore] = [
        (await backend.rows("principals", { kind: "guest" })).length,
        (await backend.rows("model_calls", {})).length,
      ];
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
      // On a machine that is too busy, a turn may be withdrawn because the database has not answered in time.
      const withdrawn = refusals.filter(({ code }) => code === "database_unavailable").length;
      const answered = statuses.get(200) ?? 0;
      const told = JSON.stringify([...statuses]);
      assert.ok(answered <= guests - guestsBefore && answered >= guests - guestsBefore - withdrawn, told);
      assert.ok(withdrawn < REQUESTS / 100, told);
      const codes = new Set(refusals.map(({ code }) => code).filter((code) => code !== "database_unavailable"));
      assert.deepEqual(codes, new Set(["rate_limited", "capacity_exceeded"]));
      assert.ok(refusals.every(({ retryAfter }) => Number(retryAfter) > 0));
      // Nothing but the replies: their texts are too short to be read for a dossier.
      assert.equal(calls, answered);
      const ledger = await backend.rows("model_calls", {});
      assert.equal(ledger.length - callsBefore, calls, "each call is in the ledger");
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
