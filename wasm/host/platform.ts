import type { LogLevel } from "./abi.ts";

/** What the host needs from the platform it runs on, for one request. */
export interface Platform {
  /** A setting, or undefined when it is not set. */
  environment(name: string): string | undefined;

  /** Keeps the isolate alive until the promise settles; it never rejects. */
  waitUntil(promise: Promise<void>): void;

  /** HostTrait bits that the guest is told. */
  traits: number;

  /** Calls the listener when the isolate is about to end; returns what takes it back. */
  onEnding?(listener: () => void): () => void;

  /** Writes one log line; the console when absent. */
  log?(level: LogLevel, line: string): void;
}
