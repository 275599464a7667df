// Which caller gets what at the routes of some functions: the table of access_table.ts, cell by cell. No answer
// contains another person's data, and refused requests change nothing.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { isLongRing } from "../ring.ts";
import { INSTRUCTION_TO_GO_ON, NOBODYS_PROMPT, validBody } from "./access_bodies.ts";
import { ACCESS, CALLERS, cellsOf, ROUTES, type Access, type Cell, type Route } from "./access_table.ts";
import { faultsOf } from "./answer_shapes.ts";
import { scriptAuthor } from "./author.ts";
import { root, type Row } from "./backend.ts";
import { keySet, signingKey } from "./issuer.ts";
import { call, rowsOf, settle, tracesOfOthers, type Person } from "./people.ts";
import { onEachRuntime } from "./stack.ts";
import { ask as askStory } from "./story.ts";
import { signUp } from "./supabase.ts";
import { es256, hs256, nowInSeconds, unsigned, userClaims, type Claims } from "./tokens.ts";
import { until } from "./wait.ts";

const key = signingKey("ES256");
const stranger = signingKey("ES256", key.kid);
const MALFORMED_ID = "not-a-uuid'--";

interface Caller {
  token: string;
  /** The caller's person; undefined for anonymous and unknown callers. */
  person?: Person;
}

interface Answer {
  cell: Cell;
  caller: Caller;
  requestId: string;
  /** Status, and of a refusal its code. */
  outcome: string;
  headers: [string, string][];
  text: string;
}

const isRefused = ({ expected }: Cell) => Number(expected.slice(0, 3)) >= 400;
const isChanging = ({ route }: Cell) => route.method !== "GET";

/** Tests the routes that the rule selects, in the order of the table: the last ones delete what the others need. */
export function describeAccess(title: string, isTested: (route: Route) => boolean): void {
  const routes = ROUTES.filter(isTested);
  const hasChat = routes.some(({ name }) => name === "POST /chat");
  onEachRuntime(
    title,
    (stack) => {
      let ana: Person;
      let people: Person[];
      let callers: Record<string, Caller>;
      let document: Row;
      const answers: Answer[] = [];

      before(async () => {
        const { keys, model } = stack().backend;
        const iss = `${stack().url}/auth/v1`;
        const claims = (changes: Claims = {}) => userClaims(anaId, { iss, ...changes });
        const anaId = randomUUID();
        const kid = { kid: key.kid };
        model.tell(INSTRUCTION_TO_GO_ON, ["And so on."]);
        model.tell(NOBODYS_PROMPT, ["Nobody that I know."]);
        scriptAuthor(model);

        const guest = await settle(stack(), "a guest");
        const otherGuest = await settle(stack(), "another guest");
        ana = await settle(stack(), "a user", es256(claims(), key.privateKey, kid));
        const bob = await settle(stack(), "another user", (await signUp(stack())).token);
        people = [guest, otherGuest, ana, bob];
        await Promise.all(people.map(drawScene));
        // The other runtime, of the same database, has deleted it.
        await call(stack(), "PUT", "/users/plans/pro", keys.secretKey, {
          calls_a_month: 7,
          tokens_a_month: null,
          images_a_month: 0,
        });

        const nobodys: Record<string, string> = {
          nobody: "",
          "the publishable key": keys.publishableKey,
          "a token of role anon": es256({ role: "anon", iss, exp: nowInSeconds() + 600 }, key.privateKey, kid),
          "a user's token that has expired": es256(claims({ exp: nowInSeconds() - 300 }), key.privateKey, kid),
          "a user's token by another key": es256(claims(), stranger.privateKey, kid),
          "a user's token without a signature": unsigned(claims(), "", kid),
          "a user's token by the public key as PEM":
            hs256(claims(), key.publicKey.export({ type: "spki", format: "pem" }), kid),
          "a user's token by the public key as JSON": hs256(claims(), JSON.stringify(key.jwk), kid),
          garbage: "garbage",
          "the secret key": keys.secretKey,
          "a guest token that nobody has": `fg_${randomBytes(32).toString("base64url")}`,
        };
        callers = Object.fromEntries(Object.entries(nobodys).map(([name, token]) => [name, { token }]));
        for (const person of people) callers[person.name] = { token: person.token, person };
        assert.deepEqual(Object.keys(callers).sort(), [...CALLERS].sort());

        const response = await fetch(`${stack().url}/functions/v1/docs/openapi.json`);
        assert.equal(response.status, 200);
        document = (await response.json()) as Row;
      });

      /** A picture of the person's scene. */
      async function drawScene({ token, projectId: project_id, sceneId }: Person): Promise<void> {
        const { keys } = stack().backend;
        const begun = await askStory(stack(), "POST", "illustrations", token, { project_id, scene_ids: [sceneId] });
        assert.equal(begun.status, 202, JSON.stringify(begun.body));
        await until("the picture", async () => {
          await fetch(`${stack().url}/functions/v1/tasks/run`, {
            method: "POST",
            headers: { apikey: keys.secretKey, "content-type": "application/json" },
            body: JSON.stringify({ kinds: ["story_illustrations"] }),
          });
          return (await askStory(stack(), "GET", `illustrations/${project_id}`, token)).body.length === 1;
        });
      }

      /**
       * The persons whose ids are tried; for anonymous callers, the user's whom half of them claim to be.
       */
      function targetsOf({ column }: Cell, caller: Caller): (Person | undefined)[] {
        const own = caller.person ?? ana;
        if (column === "own") return [own];
        if (column !== "another's") return [undefined];
        const [aGuest, aUser] = [0, 2].map((first) => people.slice(first, first + 2).find((person) => person !== own));
        return caller.person ? [aGuest, aUser] : [aUser];
      }

      function idOf(name: string, { column, route }: Cell, target: Person | undefined): string {
        const isStory = route.path.startsWith("/story/");
        if (!target && column !== "unknown") return encodeURIComponent(MALFORMED_ID);
        if (!target) return ["bot_id", "version"].includes(name) ? "999999999" : randomUUID();
        const id = {
          session_id: target.sessionId,
          project_id: target.projectId,
          message_id: target.messageId,
          stream_id: target.streamId,
          realtime_session_id: target.liveSession,
          bot_id: target.botId,
          conversation_id: target.conversationId,
          companion_id: target.characterId,
          memory_id: target.memoryId,
          character_id: target.known.character,
          question_id: target.known.question,
          proposal_id: target.known.proposal,
          entry_id: target.known.otherCharacter,
          scene_id: target.sceneId,
          version: isStory ? 1 : 6,
          task_id: isStory ? target.storyTaskId : target.importId,
          plan_name: "pro",
          // Plans are given to somebody who has not called yet.
          user_id: route.path.startsWith("/admin/") ? target.id : randomUUID(),
          // No job has failed.
          job_id: randomUUID(),
          // Nobody has deleted their account yet.
          deletion_id: randomUUID(),
        }[name];
        assert.ok(id, `no test has an id for ${name}`);
        return String(id);
      }

      async function ask(cell: Cell, target: Person | undefined, further: Record<string, string> = {}): Promise<Answer> {
        const { route } = cell;
        const caller = callers[cell.caller]!;
        const requestId = `access-${randomUUID()}`;
        const { person } = caller;
        const isMeantToFail = isRefused(cell) || Object.keys(further).length > 0;
        const body = await validBody(stack(), { route: route.name, person, people, isRefused: isMeantToFail });
        const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => idOf(name, cell, target));
        const response = await fetch(`${stack().url}/functions/v1${path}`, {
          method: route.method,
          redirect: "manual",
          headers: {
            "x-request-id": requestId,
            ...(caller.token && { authorization: `Bearer ${caller.token}` }),
            ...(body && { "content-type": "application/json" }),
            ...further,
          },
          ...(body && { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        const isProblem = response.headers.get("content-type") === "application/problem+json";
        const outcome = `${response.status}${isProblem ? ` ${(JSON.parse(text) as Row)["code"]}` : ""}`;
        const answer = { cell, caller, requestId, outcome, headers: [...response.headers], text };
        answers.push(answer);
        return answer;
      }

      const askAll = async (cell: Cell): Promise<Answer[]> =>
        Promise.all(targetsOf(cell, callers[cell.caller]!).map((target) => ask(cell, target)));

      function check(given: readonly Answer[]): void {
        const table = (outcome: (answer: Answer) => string) =>
          given.map((answer) => `${answer.cell.caller} | ${answer.cell.column} | ${outcome(answer)}`);
        assert.deepEqual(table(({ outcome }) => outcome), table(({ cell }) => cell.expected));
        for (const { cell, caller, outcome, headers, text } of given) {
          const told = JSON.stringify(headers) + text;
          // An operator's routes tell of everybody, and only to the operator.
          const isMeantForOperator = cell.route.access === "operator" && outcome.startsWith("200");
          if (!isMeantForOperator) {
            assert.deepEqual(tracesOfOthers(told, people, caller.person), [], `${cell.caller}: ${cell.column}`);
          }
          if (headers.some(([, value]) => value.startsWith("text/event-stream"))) {
            assert.match(text, /("type":"done","finish_reason":"stop"(,"conversation_id":"[^"]+")?\}|event: done\ndata: .*)\n\n$/, cell.caller);
          }
          const { method, path } = cell.route;
          // The format of cards is defined elsewhere.
          if (!path.endsWith("/card")) assert.deepEqual(faultsOf(text), [], cell.route.name);
          const documented = Object.keys(document["paths"][path][method.toLowerCase()]["responses"]);
          assert.ok(documented.includes(outcome.slice(0, 3)), `${outcome} is not in the document`);
        }
      }

      /** Nothing is done if the caller has seen another version, or requires that there is none yet. */
      async function checkPreconditions(cell: Cell): Promise<void> {
        for (const headers of [{ "if-none-match": "*" }, { "if-match": '"no-such-version"' }]) {
          const { outcome } = await ask(cell, targetsOf(cell, callers[cell.caller]!)[0], headers);
          assert.equal(outcome, "412 precondition_failed", JSON.stringify(headers));
        }
      }

      /** Created things and running tasks are served at their Location; those that only lists contain can be changed. */
      async function isWhereItSays({ cell, caller, outcome, headers, text }: Answer): Promise<void> {
        if (outcome !== "201" && outcome !== "202") return;
        const told = new Headers(headers);
        const location = told.get("location") ?? "";
        assert.ok(location.startsWith(`${stack().url}/functions/v1/`), `Location: ${location}`);
        const { status_url, guest_token, task_id } = JSON.parse(text) as Row;
        // A look at a task works on it, and would write while others' rows are compared.
        if (task_id && cell.route.name !== "POST /story/generate-full") await stack().backend.putStepsOff(task_id);
        assert.ok(status_url === undefined || status_url === location, status_url);
        const token = told.get("x-guest-token") ?? guest_token ?? caller.token;
        const found = await fetch(location, { headers: { authorization: `Bearer ${token}` } });
        const isListed = found.status === 405 && /PATCH|PUT/.test(found.headers.get("allow") ?? "");
        assert.ok(found.status === 200 || isListed, `${location}: ${found.status} ${await found.text()}`);
      }

      /** A story continues after its answer. */
      async function storyIsWritten({ cell, caller, headers, text }: Answer): Promise<void> {
        if (cell.route.name !== "POST /story/generate-full") return;
        const { task_id } = JSON.parse(text) as Row;
        const token = new Headers(headers).get("x-guest-token") ?? caller.token;
        await until("the end of the story", async () => {
          const response = await fetch(`${stack().url}/functions/v1/story/task/${task_id}/status`, {
            headers: { authorization: `Bearer ${token}` },
          });
          const { status } = (await response.json()) as Row;
          assert.notEqual(status, "failed");
          return status === "completed";
        });
      }

      /** Everything that distinguishes one refusal from another, except the request's id. */
      function likeness({ requestId, headers, text }: Answer): string {
        const varying = new Set(["date", "x-request-id"]);
        const lasting = headers.filter(([name]) => !varying.has(name));
        return JSON.stringify(lasting) + text.replaceAll(requestId, "");
      }

      test("the table has the routes of the document, which has all functions", () => {
        const accessOf = (security: Row[]): Access => {
          if (security.length === 0) return "anyone";
          if (security.some((scheme) => Object.keys(scheme).join() === "apikey")) return "operator";
          return security.some((scheme) => Object.keys(scheme).length === 0) ? "guest" : "caller";
        };
        const documented = Object.entries(document["paths"] as Row).flatMap(([path, methods]) =>
          Object.entries(methods as Row).map(
            ([method, { security }]) => `${method.toUpperCase()} ${path}: ${accessOf(security)}`,
          ),
        );
        assert.deepEqual(ROUTES.map(({ name, access }) => `${name}: ${access}`).sort(), documented.sort());
        assert.deepEqual(ROUTES.filter(({ access }) => !ACCESS.includes(access)), []);
        const served = new Set(ROUTES.map(({ path }) => path.split("/")[1]));
        assert.deepEqual([...served].sort(), readdirSync(join(root, "functions")).sort());
      });

      for (const route of routes) {
        test(route.name, async () => {
          const { backend } = stack();
          const cells = cellsOf(route);
          let stored = await backend.everything();
          const modelRequests = backend.model.count;
          const refusals = (await Promise.all(cells.filter(isRefused).map(askAll))).flat();
          check(refusals);
          const own = cells.find(({ caller, column }) => caller === ana.name && column === "own");
          if (own && isChanging(own)) await checkPreconditions(own);
          assert.deepEqual(await backend.everything(), stored, "a refused call has changed something");
          assert.equal(backend.model.count, modelRequests, "a refused call has asked a model");
          for (const { person } of Object.values(callers)) {
            const ofPerson = refusals.filter(({ caller }) => caller.person === person);
            const missing = ofPerson.filter(
              ({ cell, outcome }) => outcome === "404 not_found" && cell.column !== "malformed",
            );
            const ownIsMissing = route.cells.own === "404 not_found";
            if (person && route.cells.unknown) {
              assert.equal(missing.length, ownIsMissing ? 4 : 3, "two others' and an unknown one");
            }
            assert.ok(new Set(missing.map(likeness)).size <= 1, "another's is told from what is not there");
          }

          for (const cell of cells.filter((each) => !isRefused(each))) {
            const { person } = callers[cell.caller]!;
            const others = people.filter((other) => other !== person);
            const given = await askAll(cell);
            check(given);
            await Promise.all(given.map(isWhereItSays));
            await Promise.all(given.map(storyIsWritten));
            if (!isChanging(cell)) continue;
            const now = await backend.everything();
            assert.deepEqual(rowsOf(now, others), rowsOf(stored, others), `${cell.caller} has changed another's`);
            stored = now;
          }
        });
      }

      test("people are told of themselves: the search for traces is not blind", () => {
        const reading = answers.filter(({ cell, caller }) => {
          return caller.person && !isRefused(cell) && !isChanging(cell) && cell.route.access === "caller";
        });
        assert.ok(reading.length >= 9 * people.length, `${reading.length}`);
        for (const { cell, caller, text } of reading) {
          // Versions and usage are numbers and times.
          if (/\/(versions|usage|stats)$/.test(cell.route.path)) continue;
          const found = tracesOfOthers(text, [caller.person!]);
          assert.ok(found.length > 0, `${cell.route.name}: ${text}`);
        }
      });

      if (hasChat) {
        test("models were sent what their caller has said, and nobody else's words", () => {
          const { model } = stack().backend;
          for (const person of people) {
            const sent = model.replies(person.prompt).map(({ request }) => JSON.stringify(request.messages));
            assert.ok(sent.length >= 3, "a turn, another one, and another take");
            assert.deepEqual(tracesOfOthers(sent.join("\n"), people, person), []);
          }
          const continuations = model.replies(INSTRUCTION_TO_GO_ON);
          assert.ok(continuations.length >= people.length);
          for (const { request } of continuations) {
            const told = JSON.stringify(request.messages);
            const named = people.filter((person) => tracesOfOthers(told, [person]).length > 0);
            assert.ok(named.length <= 1, "two people in one conversation");
          }
        });
      }

      test("each request has one line in the log, which names nobody but its caller", async () => {
        const entries = await until("the last log lines", () => {
          const byRequest = new Map<string, string[]>();
          for (const line of stack().lines) {
            const id = (JSON.parse(line) as Row)["request_id"] as string;
            byRequest.set(id, [...(byRequest.get(id) ?? []), line]);
          }
          return answers.every(({ requestId }) => byRequest.has(requestId)) && byRequest;
        });
        assert.ok(answers.length > 10 * routes.length, `${answers.length} requests`);
        for (const { requestId, caller, cell } of answers) {
          const lines = entries.get(requestId)!;
          assert.equal(lines.length, 1, requestId);
          assert.deepEqual(tracesOfOthers(lines[0]!, people, caller.person), [], cell.caller);
        }
      });
    },
    // All tables are read hundreds of times, which PostgreSQL does in a tenth of the embedded one's time.
    {
      settings: (_origin, modelOrigin) => ({
        SUPABASE_JWKS: keySet(key),
        MODEL_IMAGE: "openai:scripted",
        OPENAI_BASE_URL: `${modelOrigin}/v1`,
        OPENAI_API_KEY: "sk-scripted",
      }),
      onPostgres: !isLongRing,
    },
  );
}
