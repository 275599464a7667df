// The processes around a relay, as the benchmark sees them.
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

interface Answer {
  id: number;
  result?: unknown;
  fault?: string;
}

export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(fault: Error): void }>();
  #last = 0;

  /** `name`: a program in peers/, bundled next to this one. */
  constructor(name: string, ...programArguments: string[]) {
    const program = fileURLToPath(new URL(`peers/${name}.js`, import.meta.url));
    this.#child = fork(program, programArguments);
    this.#child.on("message", ({ id, result, fault }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (fault === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(fault));
    });
    this.#child.once("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${name} has ended`));
    });
  }

  call<Result>(name: string, argument: unknown = null): Promise<Result> {
    const id = (this.#last += 1);
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#child.send({ id, name, argument });
    });
  }

  stop(): void {
    this.#child.disconnect();
  }
}
