import type { LogLevel } from "./abi.ts";

/** The server's side of a WebSocket, and the response that opens it. */
export interface AcceptedSocket {
  response: Response;
  socket: Omit<WebSocket, "bufferedAmount"> & { readonly bufferedAmount?: number };
}

/** The services that the host needs from its platform, for one request. */
export interface Platform {
  /** A setting, or undefined when it is not set. */
  environment(name: string): string | undefined;

  /** Keeps the isolate alive until the promise settles; it never rejects. */
  waitUntil(promise: Promise<void>): void;

  /** HostTrait bits for the guest. */
  traits: number;

  /**
   * The client's IP address as the platform knows it, never from what a client can write; undefined
   * when the platform does not tell it.
   */
  clientAddress?(request: Request): string | undefined;

  /** Calls the listener when the isolate is about to end; returns a function that removes it. */
  onEnding?(listener: () => void): () => void;

  /**
   * Answers a WebSocket handshake with this sub-protocol, or none; throws when the request is none.
   */
  acceptSocket?(request: Request, protocol: string | null): AcceptedSocket;

  /** Writes one log line; the console when absent. */
  log?(level: LogLevel, line: string): void;
}
