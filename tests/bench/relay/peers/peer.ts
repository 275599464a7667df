// The common part of the processes around a relay: the benchmark controls them over IPC.
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Command {
  id: number;
  name: string;
  argument: unknown;
}

/** Ends with the benchmark's own process. */
export function answerCommands(commands: Record<string, (argument: any) => unknown>): void {
  process.on("message", async ({ id, name, argument }: Command) => {
    try {
      process.send!({ id, result: (await commands[name]!(argument)) ?? null });
    } catch (error) {
      process.send!({ id, fault: String(error) });
    }
  });
  process.once("disconnect", () => process.exit());
}

/** Resolves with the address. */
export async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
