import { LogLevel } from "./abi.ts";
import type { Platform } from "./platform.ts";

export function writeLog(platform: Platform, level: number, line: string): void {
  const known = level as LogLevel;
  if (platform.log) platform.log(known, line);
  else if (known === LogLevel.error) console.error(line);
  else if (known === LogLevel.warn) console.warn(line);
  else if (known === LogLevel.debug) console.debug(line);
  else console.log(line);
}

/** The one line about an instance that died: its message, and the request that it was serving. */
export function logTrap(platform: Platform, request: Request, panic: string, error: unknown): void {
  const line = JSON.stringify({
    timestamp: new Date().toISOString(),
    level: "error",
    message: "the function's instance trapped",
    panic,
    error: String(error),
    path: new URL(request.url).pathname,
    request_id: request.headers.get("x-request-id"),
  });
  writeLog(platform, LogLevel.error, line);
}
