// An issuer of tokens: keys that sign, and a server that publishes them, well or badly.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Row } from "./backend.ts";
import { postChat, talk } from "./chat.ts";
import type { Stack } from "./stack.ts";

export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwk: Row;
}

export function signingKey(alg: "ES256" | "RS256", kid: string = randomUUID()): SigningKey {
  const { privateKey, publicKey } =
    alg === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  // In the form that Supabase Auth publishes.
  const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig", key_ops: ["verify"], ext: true };
  return { kid, privateKey, publicKey, jwk };
}

export const keySet = (...keys: SigningKey[]) => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });

/** An issuer's answer to a request for its keys. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export const publish =
  (...keys: SigningKey[]): Answer =>
  (response) =>
    void response.writeHead(200, { "content-type": "application/json" }).end(keySet(...keys));

export const fail: Answer = (response) => void response.writeHead(503).end();
/** Says nothing until the issuer is stopped. */
export const hang: Answer = () => {};

export class Issuer {
  /** How often its keys were requested. */
  asked = 0;
  answer: Answer;
  url = "";
  readonly #server: Server;

  constructor(answer: Answer = fail) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      this.asked += 1;
      assert.equal(request.url, "/keys.json");
      this.answer(response, request);
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys.json`;
    return this.url;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

export const INVALID = [401, "invalid_token"];
export const UNAVAILABLE = [503, "database_unavailable"];

/** Status and code of a turn that is refused. */
export async function refusal(stack: Stack, token: string): Promise<[number, string]> {
  const response = await postChat(stack, { text: "May I come in?" }, { token });
  const text = await response.text();
  assert.equal(response.headers.get("content-type"), "application/problem+json", text);
  return [response.status, (JSON.parse(text) as Row)["code"]];
}

/** The id of the person who has a turn by this token. */
export async function welcome(stack: Stack, token: string): Promise<string> {
  const text = `Do you know me? ${randomUUID()}`;
  stack.backend.model.tell(text, ["Of course I know you."]);
  const { events, guestToken } = await talk(stack, { text }, { token });
  assert.deepEqual(events.ending, ["metadata", "done"]);
  assert.equal(guestToken, "");
  return events.metadata["user_id"];
}
