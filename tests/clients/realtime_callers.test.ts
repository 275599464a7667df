// Which callers may open a socket, and as which principal.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { PROTOCOL, SocketClient, type SocketOptions } from "./socket.ts";
import { onBothRuntimes } from "./stack.ts";
import { signUp } from "./supabase.ts";
import { hs256, nowInSeconds, userClaims } from "./tokens.ts";

onBothRuntimes("callers of a socket", (stack) => {
  const waysOf = (token: string): [string, SocketOptions][] => [
    ["header", { token }],
    ["query", { query: `?token=${token}` }],
    ["sub-protocols", { protocols: [PROTOCOL, token] }],
    ["sub-protocols, token first", { protocols: [token, PROTOCOL] }],
  ];
  const welcome = async (options: SocketOptions, name: string = randomUUID()) => {
    const client = await SocketClient.open(stack(), name, options);
    const [ready] = client.of("ready");
    assert.equal(client.socket.protocol, PROTOCOL, "a token is never echoed");
    await client.leave();
    return ready!;
  };
  const principals = async () => (await stack().backend.rows("principals")).length;

  test("a user's token in the header, the query or among the sub-protocols", async () => {
    const person = await signUp(stack());
    for (const [way, options] of waysOf(person.token)) {
      const ready = await welcome(options);
      assert.deepEqual([ready["user_id"], "guest_token" in ready], [person.id, false], way);
    }
  });

  test("without a token one is a new guest, whose token is for all that follows", async () => {
    const name = randomUUID();
    const first = await welcome({}, name);
    const token = first["guest_token"] as string;
    assert.match(token, /^fg_/);
    for (const [way, options] of waysOf(token)) {
      const ready = await welcome(options, name);
      assert.deepEqual([ready["user_id"], "guest_token" in ready], [first["user_id"], false], way);
    }
    const response = await fetch(`${stack().url}/functions/v1/realtime/sessions`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const sessions = (await response.json()) as { session_id: string }[];
    assert.deepEqual(sessions.map(({ session_id }) => session_id), [name]);
  });

  test("what is no token any more, or never was one, closes with 1008 and makes no guest", async () => {
    const { jwtSecret } = stack().backend.keys;
    const expired = hs256(userClaims(randomUUID(), { exp: nowInSeconds() - 60 }), jwtSecret);
    const forged = hs256(userClaims(randomUUID()), "another secret of at least 32 bytes, not ours");
    const gone = await welcome({});
    const deleted = await fetch(`${stack().url}/functions/v1/users/me`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${gone["guest_token"]}` },
    });
    assert.equal(deleted.status, 202);
    const tokens: [string, string, string][] = [
      ["expired", expired, "token_expired"],
      ["forged", forged, "invalid_token"],
      ["unknown guest", `fg_${"a".repeat(43)}`, "invalid_token"],
      ["deleted guest", gone["guest_token"] as string, "invalid_token"],
      ["no token at all", "nonsense", "invalid_token"],
    ];
    const before = await principals();
    for (const [what, token, code] of tokens) {
      stack().backend.secrets.add(token);
      for (const [way, options] of waysOf(token)) {
        const client = new SocketClient(stack(), randomUUID(), options);
        // A guest who is gone is found to be so when the session is opened.
        client.socket.on("open", () => client.send({ type: "hello" }));
        const closed = await client.ended();
        assert.deepEqual(closed, { code: 1008, reason: code }, `${what}, ${way}`);
        assert.deepEqual(client.of("error").map((error) => error["code"]), [code], `${what}, ${way}`);
      }
      const raw = new SocketClient(stack(), randomUUID(), { token, protocols: [] });
      assert.deepEqual(await raw.ended(), { code: 1008, reason: code }, `${what}, raw`);
      assert.deepEqual(raw.texts, []);
    }
    assert.equal(await principals(), before);
  });

  test("a sub-protocol that nobody speaks is refused before the socket opens", async () => {
    for (const protocols of [["fabula.v9"], ["soap"], ["fabula.v0", "fabula.v9"]]) {
      const client = new SocketClient(stack(), randomUUID(), { protocols });
      const { status, body } = await client.refused();
      assert.deepEqual([status, body["code"]], [422, "invalid_request"], protocols.join());
      assert.match(body["detail"], /fabula\.v1/);
    }
    // Among others ours is taken.
    await welcome({ protocols: ["fabula.v9", PROTOCOL] });
  });

  test("a plain GET is told what the address is", async () => {
    const url = `${stack().url}/functions/v1/realtime/ws/session/demo123`;
    const response = await fetch(url);
    assert.equal(response.status, 426);
    assert.equal(((await response.json()) as { code: string }).code, "upgrade_required");
  });

  test("pages of any origin may call when all are allowed, and one that was opened from a file", async () => {
    for (const origin of ["null", "https://page.example"]) {
      assert.match((await welcome({ origin }))["guest_token"], /^fg_/, origin);
    }
  });
});

onBothRuntimes(
  "callers of a socket whose pages are named",
  (stack) => {
    test("a page of another origin is refused, one of these is not, and a program has none", async () => {
      for (const origin of ["https://elsewhere.example", "null"]) {
        const client = new SocketClient(stack(), randomUUID(), { origin });
        const { status, body } = await client.refused();
        assert.deepEqual([status, body["code"]], [403, "forbidden"], origin);
      }
      for (const options of [{ origin: "https://page.example" }, {}]) {
        const client = await SocketClient.open(stack(), randomUUID(), options);
        await client.leave();
      }
    });
  },
  { settings: () => ({ FABULA_ALLOWED_ORIGINS: "https://page.example" }) },
);
