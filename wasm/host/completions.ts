import { completionCapacity, completionOffset, completionSizeBytes, Status } from "./abi.ts";
import type { GuestMemory } from "./memory.ts";
import { Operation } from "./operation.ts";

/** The operations of one guest from their start to the delivery of their completions. */
export class Completions {
  readonly #pending = new Map<number, Operation>();
  #queue: Operation[] = [];
  #batch: Operation[] = [];
  #buffer: { memory: GuestMemory; address: number } | null = null;
  #isScheduled = false;
  // A promise of this request: workerd ties a promise to the request that made it.
  readonly #settled = Promise.resolve();
  readonly #resume: (count: number) => void;

  /** `resume` enters the guest with `count` completions in its buffer. */
  constructor(resume: (count: number) => void) {
    this.#resume = resume;
  }

  /**
   * The address at which the guest wants its completions; nothing is delivered before this call.
   */
  deliverTo(memory: GuestMemory, address: number): void {
    this.#buffer = { memory, address };
    this.#schedule();
  }

  /** Registers an operation; it completes exactly once, through `complete` or `cancel`. */
  add<Kind extends Operation>(operation: Kind): Kind {
    if (operation.id === 0 || this.#pending.has(operation.id)) {
      throw new Error(`the guest used operation id ${operation.id} twice`);
    }
    this.#pending.set(operation.id, operation);
    return operation;
  }

  complete(operation: Operation): void {
    if (operation.isComplete) return;
    operation.isComplete = true;
    this.#queue.push(operation);
    this.#schedule();
  }

  fail(operation: Operation, status: Status): void {
    if (operation.isComplete) return;
    operation.status = status;
    this.complete(operation);
  }

  event(event: number): void {
    const occurrence = new Operation(0);
    occurrence.status = event as Status;
    this.complete(occurrence);
  }

  cancel(id: number): void {
    const operation = this.#pending.get(id) ?? this.#batch.find((one) => one.id === id);
    if (operation === undefined || operation.status === Status.cancelled) return;
    operation.abandon();
    operation.status = Status.cancelled;
    operation.value = 0;
    operation.detail = 0;
    const index = this.#batch.indexOf(operation);
    if (index >= 0) this.#writeRecord(index, operation);
    else this.complete(operation);
  }

  /** The guest is gone: all of its pending operations stop, and nothing is delivered any more. */
  close(): void {
    this.#buffer = null;
    this.#queue = [];
    for (const operation of this.#pending.values()) {
      operation.isComplete = true;
      operation.abandon();
    }
    this.#pending.clear();
  }

  // Never at once: an import may complete an operation, and the guest is not re-entered. One
  // microtask later, everything that arrived together is one batch. Not with queueMicrotask, which
  // both runtimes wrap in code that costs several times as much.
  #schedule(): void {
    if (this.#isScheduled || this.#buffer === null || this.#queue.length === 0) return;
    this.#isScheduled = true;
    void this.#settled.then(this.#deliver);
  }

  readonly #deliver = (): void => {
    this.#isScheduled = false;
    while (this.#queue.length > 0 && this.#buffer !== null) {
      const { memory } = this.#buffer;
      // Nearly always the whole queue is one batch, and nothing is copied.
      const isWhole = this.#queue.length <= completionCapacity;
      const batch = isWhole ? this.#queue : this.#queue.splice(0, completionCapacity);
      if (isWhole) this.#queue = [];
      this.#batch = batch;
      for (let index = 0; index < batch.length; index += 1) {
        const operation = batch[index]!;
        if (operation.status !== Status.cancelled) operation.deliver(memory);
        this.#writeRecord(index, operation);
        this.#pending.delete(operation.id);
      }
      this.#resume(batch.length);
      this.#batch = [];
    }
  };

  #writeRecord(index: number, { id, status, value, detail }: Operation): void {
    if (this.#buffer === null) return;
    const { memory, address } = this.#buffer;
    const record = address + index * completionSizeBytes;
    memory.setWord(record + completionOffset.operation, id);
    memory.setWord(record + completionOffset.status, status);
    memory.setWord(record + completionOffset.value, value);
    memory.setWord(record + completionOffset.detail, detail);
  }
}
