// Issuers whose key sets cannot be had as they should, or not at all, when nothing is known of them.
import assert from "node:assert/strict";
import { pipeline, Readable } from "node:stream";
import { after, test } from "node:test";
import {
  hang,
  INVALID,
  Issuer,
  keySet,
  publish,
  refusal,
  signingKey,
  UNAVAILABLE,
  welcome,
  type Answer,
} from "./issuer.ts";
import { onEachRuntime, RUNTIMES } from "./stack.ts";
import { es256, nowInSeconds } from "./tokens.ts";

// wasm/host/operations/public-keys.ts waits no longer for an issuer.
const LONGEST_WAIT_MS = 5_000;
const LARGEST_SET_BYTES = 65_536;

const key = signingKey("ES256");
/**
 * A server to which an issuer might redirect the request: it would return exactly the wanted keys.
 */
const elsewhere = new Issuer(publish(key));
await elsewhere.start();

const text = (body: string): Answer => (response) => void response.writeHead(200).end(body);
const redirect = (status: number, to: () => string): Answer => {
  return (response) => void response.writeHead(status, { location: to() }).end();
};
const filler = (bytes: number) => " ".repeat(bytes - keySet(key).length);

/** Begins to answer and never ends. */
const halfAnswer: Answer = (response) => void response.writeHead(200).write(keySet(key).slice(0, 9));
/** More than anybody would keep, until the reader goes. */
const endless: Answer = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const spaces = function* () {
    for (;;) yield Buffer.alloc(65_536, " ");
  };
  pipeline(Readable.from(spaces()), response, () => {});
};

const answers: Record<string, Answer> = {
  down: (response) => void response.writeHead(503).end(keySet(key)),
  missing: (response) => void response.writeHead(404).end(keySet(key)),
  "a page": text("<!doctype html><title>We will be back soon</title>"),
  "a JSON text that is none": text("null"),
  "an object without keys": text('{"error":"later"}'),
  "keys that are no list": text('{"keys":{}}'),
  "no UTF-8": (response) => void response.writeHead(200).end(Buffer.from([0x7b, 0xff, 0x7d])),
  "too large": text(keySet(key) + filler(LARGEST_SET_BYTES + 1)),
  endless,
  "a lost connection": (response) => void response.destroy(),
  "moved (301)": redirect(301, () => elsewhere.url),
  "moved (302)": redirect(302, () => elsewhere.url),
  "moved (307)": redirect(307, () => elsewhere.url),
  "moved (308)": redirect(308, () => elsewhere.url),
};
const slow: Record<string, Answer> = { "no answer": hang, "half an answer": halfAnswer };

interface Unreliable {
  name: string;
  answer: Answer;
  issuer: Issuer;
}

/** Each runtime asks its own issuers. */
const issuers = new Map<string, Unreliable[]>();
for (const runtime of RUNTIMES) {
  const own = Object.entries({ ...answers, ...slow, large: text("") }).map(([name, answer]) => {
    return { name, answer, issuer: new Issuer(answer) };
  });
  for (const { issuer } of own) await issuer.start();
  issuers.set(runtime, own);
}
after(() => {
  elsewhere.stop();
  for (const own of issuers.values()) for (const { issuer } of own) issuer.stop();
});

const settings = [...issuers.entries()].flatMap(([runtime, own]) =>
  own.map(({ name, issuer }) => ({
    issuer: `https://${runtime}.example/${name}`,
    jwks_url: issuer.url,
    audience: null,
  })),
);

onEachRuntime(
  "an issuer of which nothing is known",
  (stack) => {
    const find = (name: string) => issuers.get(stack().runtime)!.find((one) => one.name === name)!;
    const token = (name: string, kid = key.kid) => {
      const iss = `https://${stack().runtime}.example/${name}`;
      return es256({ iss, sub: "somebody", exp: nowInSeconds() + 600 }, key.privateKey, { kid });
    };

    for (const name of Object.keys(answers)) {
      test(`${name}: 503, asked each time, and good as soon as it is right`, async () => {
        const { issuer } = find(name);
        const startedMs = performance.now();
        assert.deepEqual(await refusal(stack(), token(name)), UNAVAILABLE);
        assert.deepEqual(await refusal(stack(), token(name)), UNAVAILABLE);
        assert.ok(performance.now() - startedMs < LONGEST_WAIT_MS, "it was waited for");
        // A runtime may ask again by itself when a connection is lost.
        const asked = issuer.asked;
        assert.ok(asked >= 2);
        issuer.answer = publish(key);
        await welcome(stack(), token(name));
        await welcome(stack(), token(name));
        assert.equal(issuer.asked, asked + 1);
        assert.equal(elsewhere.asked, 0);
      });
    }

    for (const name of Object.keys(slow)) {
      test(`${name}: 503 in five seconds, and good as soon as it is right`, async () => {
        const { issuer } = find(name);
        const startedMs = performance.now();
        const refusals = Array.from({ length: 3 }, () => refusal(stack(), token(name)));
        assert.deepEqual(await Promise.all(refusals), [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
        const took_ms = performance.now() - startedMs;
        assert.ok(took_ms > LONGEST_WAIT_MS - 500 && took_ms < LONGEST_WAIT_MS + 5000, `${took_ms} ms`);
        issuer.answer = publish(key);
        await welcome(stack(), token(name));
      });
    }

    test("a key set of the largest size is taken", async () => {
      find("large").issuer.answer = text(keySet(key) + filler(LARGEST_SET_BYTES));
      await welcome(stack(), token("large"));
      assert.deepEqual(await refusal(stack(), token("large", "another key")), INVALID);
      assert.equal(find("large").issuer.asked, 1);
    });
  },
  { settings: () => ({ FABULA_ISSUERS: JSON.stringify(settings) }) },
);
