// The whole API in the two ways in which it is called: with supabase-js, and with nothing but fetch.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { FunctionsHttpError, SupabaseClient } from "@supabase/supabase-js";
import type { Row } from "./backend.ts";
import { readEvents, type Events } from "./chat.ts";
import type { Stack } from "./stack.ts";
import { anonymousClient } from "./supabase.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface CallOptions {
  body?: object;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed; undefined when there is none. */
  body: any;
}

export interface Streamed {
  status: number;
  headers: Headers;
  events: Events;
}

export interface Account {
  id: string;
  token: string;
  email: string;
  password: string;
}

export abstract class Api {
  /** A guest's token, which is sent instead of the account's. */
  guestToken: string | undefined;
  protected readonly stack: Stack;

  constructor(stack: Stack) {
    this.stack = stack;
  }

  /** The response, whatever its status; `path` is below /functions/v1. */
  abstract open(method: Method, path: string, options?: CallOptions): Promise<Response>;
  /** From this call on, the account makes the requests. */
  abstract signUp(): Promise<Account>;
  /** All rows that row level security shows to the caller. */
  abstract select(table: string): Promise<Row[]>;

  async call(method: Method, path: string, options: CallOptions = {}): Promise<Answer> {
    const { status, headers, ...response } = await this.#read(method, path, options);
    return { status, headers, body: response.text === "" ? undefined : JSON.parse(response.text) };
  }

  /** A turn that must begin. */
  async stream(
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Streamed> {
    const response = await this.open("POST", path, { ...(body && { body }), headers });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const events = await readEvents(response);
    return { status: response.status, headers: response.headers, events };
  }

  async #read(method: Method, path: string, options: CallOptions) {
    const response = await this.open(method, path, options);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
}

function newCredentials(): { email: string; password: string } {
  return { email: `${randomBytes(6).toString("hex")}@example.com`, password: "a long password" };
}

export class SupabaseApi extends Api {
  static readonly title = "supabase-js";
  readonly #client: SupabaseClient;

  constructor(stack: Stack) {
    super(stack);
    this.#client = anonymousClient(stack);
  }

  override async open(method: Method, path: string, options: CallOptions = {}): Promise<Response> {
    const { body, headers, signal } = options;
    const { data, error, response } = await this.#client.functions.invoke(path, {
      method,
      ...(body && { body }),
      headers: {
        ...(this.guestToken && { authorization: `Bearer ${this.guestToken}` }),
        ...headers,
      },
      ...(signal && { signal }),
    });
    if (error) {
      if (error.name !== "FunctionsHttpError") throw error;
      return (error as FunctionsHttpError).context as Response;
    }
    if (data instanceof Response) return data;
    // It has been read already, and parsed if it is JSON.
    const isJson = response!.headers.get("content-type")?.startsWith("application/json");
    return new Response(isJson ? JSON.stringify(data) : data, {
      status: response!.status,
      headers: response!.headers,
    });
  }

  override async signUp(): Promise<Account> {
    const credentials = newCredentials();
    const { data, error } = await this.#client.auth.signUp(credentials);
    assert.equal(error, null);
    const token = data.session!.access_token;
    this.stack.backend.secrets.add(token);
    this.guestToken = undefined;
    return { id: data.user!.id, token, ...credentials };
  }

  override async select(table: string): Promise<Row[]> {
    const { data, error } = await this.#client.from(table).select();
    assert.equal(error, null);
    return data!;
  }
}

export class PlainApi extends Api {
  static readonly title = "plain fetch";
  #token: string | undefined;

  override open(method: Method, path: string, options: CallOptions = {}): Promise<Response> {
    const { body, headers, signal } = options;
    const token = this.guestToken ?? this.#token;
    return fetch(`${this.stack.url}/functions/v1/${path}`, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  }

  override async signUp(): Promise<Account> {
    const credentials = newCredentials();
    const { access_token, user } = await this.#supabase(
      "auth/v1/signup",
      JSON.stringify(credentials),
    );
    this.#token = access_token as string;
    this.stack.backend.secrets.add(this.#token);
    this.guestToken = undefined;
    return { id: user.id, token: this.#token, ...credentials };
  }

  override async select(table: string): Promise<Row[]> {
    return this.#supabase(`rest/v1/${table}?select=*`);
  }

  async #supabase(path: string, body?: string): Promise<any> {
    const response = await fetch(`${this.stack.url}/${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        apikey: this.stack.backend.keys.publishableKey,
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }
}

export const APIS = [SupabaseApi, PlainApi] as const;
