// A proxy between the functions and the database: counts their calls, and can be closed for a
// while.
import { once } from "node:events";
import { Agent, createServer, request as send, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export class DatabaseDoor {
  /** The names of the functions that were called, in their order. */
  readonly calls: string[] = [];
  readonly #databaseUrl: () => string;
  readonly #agent = new Agent({ keepAlive: true });
  #server: Server;
  #port = 0;

  private constructor(databaseUrl: () => string) {
    this.#databaseUrl = databaseUrl;
    this.#server = this.#newServer();
  }

  static async open(databaseUrl: () => string): Promise<DatabaseDoor> {
    const door = new DatabaseDoor(databaseUrl);
    await door.#listen();
    return door;
  }

  /** The functions' SUPABASE_REST_URL. */
  get restUrl(): string {
    return `http://127.0.0.1:${this.#port}/rest/v1`;
  }

  /** The calls that are made while `work` is done. */
  async callsDuring(work: () => Promise<unknown>): Promise<string[]> {
    const before = this.calls.length;
    await work();
    return this.calls.slice(before);
  }

  /** Breaks all connections, and refuses new ones for so long. */
  async shutFor(milliseconds: number): Promise<void> {
    await this.stop();
    await delay(milliseconds);
    this.#server = this.#newServer();
    await this.#listen();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #newServer(): Server {
    const server = createServer((incoming, response) => this.#pass(incoming, response));
    server.keepAliveTimeout = 120_000;
    return server;
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    const path = incoming.url!;
    this.calls.push(path.split("?")[0]!.split("/").at(-1)!);
    const { method, headers } = incoming;
    const onwards = send(
      `${this.#databaseUrl()}${path}`,
      { method: method!, headers, agent: this.#agent },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    onwards.on("error", () => response.destroy());
    response.on("close", () => response.writableFinished || onwards.destroy());
    incoming.pipe(onwards);
  }
}
