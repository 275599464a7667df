import { abiVersion, Event, importModule, Status, type GuestExports } from "./abi.ts";
import { Completions } from "./completions.ts";
import { makeImports, type Services } from "./imports.ts";
import { logTrap } from "./log.ts";
import { GuestMemory } from "./memory.ts";
import { BodyStream } from "./operations/body.ts";
import { GuestResponse } from "./operations/response.ts";
import { GuestSocket } from "./operations/socket.ts";
import { Streams } from "./operations/streams.ts";
import type { Platform } from "./platform.ts";

// One instance serves one request, so any number identifies it.
const onlyRequest = 1;

/** A guest's instance for one request, from its start until it has finished or died. */
export class Instance {
  readonly response: GuestResponse;
  /** Resolves when the guest's work is over, which can be long after its response. */
  readonly done: Promise<void>;

  readonly #request: Request;
  readonly #platform: Platform;
  readonly #completions: Completions;
  readonly #streams: Streams;
  readonly #socket: GuestSocket;
  #guest: GuestExports | null = null;
  #handle = 0;
  #hasFinished = false;
  #panic = "";
  #resolveDone!: () => void;
  #stopWatching: () => void = () => {};

  constructor(request: Request, platform: Platform) {
    this.#request = request;
    this.#platform = platform;
    this.#completions = new Completions((count) =>
      this.#enter((guest) => guest.fabula_resume(this.#handle, count)),
    );
    this.#streams = new Streams(
      new BodyStream(request.body, this.#completions, Status.disconnected),
    );
    this.response = new GuestResponse(request, this.#completions);
    this.#socket = new GuestSocket(this.#completions);
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  start(module: WebAssembly.Module): void {
    const stopWatching = this.#platform.onEnding?.(() =>
      this.#completions.event(Event.isolate_ending),
    );
    if (stopWatching !== undefined) this.#stopWatching = stopWatching;
    try {
      const memory = new GuestMemory();
      const imports = { [importModule]: { ...makeImports(this.#services(memory)) } };
      const guest = new WebAssembly.Instance(module, imports).exports as unknown as GuestExports;
      memory.attach(guest.memory);
      this.#guest = guest;
      this.#enter(() => this.#begin(guest, memory));
    } catch (error) {
      this.#trapped(error);
    }
  }

  #begin(guest: GuestExports, memory: GuestMemory): void {
    guest._initialize();
    const version = guest.fabula_abi_version();
    if (version !== abiVersion) {
      throw new Error(`the function speaks ABI ${version} and the host ${abiVersion}: build again`);
    }
    this.#handle = guest.fabula_start(onlyRequest) >>> 0;
    this.#completions.deliverTo(memory, this.#handle);
  }

  #services(memory: GuestMemory): Services {
    return {
      request: this.#request,
      platform: this.#platform,
      memory,
      completions: this.#completions,
      streams: this.#streams,
      response: this.response,
      socket: this.#socket,
      panicked: (message) => {
        this.#panic = message;
      },
      finished: () => {
        this.#hasFinished = true;
      },
    };
  }

  /** Runs the guest. A trap of any kind, stack exhaustion included, ends the instance. */
  #enter(run: (guest: GuestExports) => void): void {
    if (this.#guest === null) return;
    try {
      run(this.#guest);
    } catch (error) {
      this.#trapped(error);
      return;
    }
    if (!this.#hasFinished) return;
    if (this.response.hasStarted) this.#dispose(false);
    else this.#trapped(new Error("the function finished without a response"));
  }

  #trapped(error: unknown): void {
    logTrap(this.#platform, this.#request, this.#panic, error);
    this.#dispose(true);
  }

  #dispose(trapped: boolean): void {
    this.#guest = null;
    this.#stopWatching();
    // The response comes first: it may have to send bytes that an operation still holds.
    this.response.finish(trapped);
    this.#socket.finish(trapped);
    this.#completions.close();
    this.#streams.closeAll();
    this.#resolveDone();
  }
}
