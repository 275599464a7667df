import { Status } from "../abi.ts";
import type { Completions } from "../completions.ts";
import type { GuestMemory } from "../memory.ts";
import { Operation } from "../operation.ts";

const nothing = new Uint8Array(0);

// The most that guests read at once.
const pieceBytes = 8192;

/**
 * Reads into one buffer repeatedly if the body allows it. Deno's default reader makes a buffer of
 * 64 KiB for each piece, for which V8 collects whole heaps of garbage: 53 ms of CPU for a thousand
 * small pieces instead of 10.
 */
class PieceReader {
  readonly #byob: ReadableStreamBYOBReader | null = null;
  readonly #plain: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #buffer = new ArrayBuffer(0);

  constructor(body: ReadableStream<Uint8Array>) {
    try {
      this.#byob = body.getReader({ mode: "byob" });
      this.#buffer = new ArrayBuffer(pieceBytes);
    } catch {
      this.#plain = body.getReader();
    }
  }

  read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    if (this.#plain !== null) return this.#plain.read();
    return this.#byob!.read(new Uint8Array(this.#buffer)) as Promise<ReadableStreamReadResult<Uint8Array>>;
  }

  /** The piece that was read last has been taken. */
  reuse(piece: Uint8Array): void {
    if (this.#byob !== null) this.#buffer = piece.buffer as ArrayBuffer;
  }

  cancel(): Promise<void> {
    return (this.#byob ?? this.#plain!).cancel();
  }
}

/** A body that a guest reads piece by piece, into buffers smaller or larger than what arrives. */
export class BodyStream {
  readonly #completions: Completions;
  readonly #failure: Status;
  #reader: PieceReader | null;
  #isReading = false;
  #hasFailed = false;
  // The last bytes that arrived, and how many of them the guest has. The bytes that it took last
  // stay here, so that a cancelled read can give them back.
  #chunk: Uint8Array = nothing;
  #taken = 0;
  #waiting: ReadOperation | null = null;

  /** A read completes with `failure` when the connection breaks. */
  constructor(
    body: ReadableStream<Uint8Array> | null,
    completions: Completions,
    failure: Status = Status.network,
  ) {
    this.#reader = body === null ? null : new PieceReader(body);
    this.#completions = completions;
    this.#failure = failure;
  }

  read(operation: ReadOperation): void {
    if (this.#waiting !== null) throw new Error("the guest reads a body twice at a time");
    this.#waiting = operation;
    if (this.#taken < this.#chunk.length || this.#reader === null) this.#wake();
    else if (!this.#isReading) this.#pull(this.#reader);
  }

  /** Moves bytes into the guest's buffer; returns how many. */
  take(memory: GuestMemory, address: number, capacity: number): number {
    const length = Math.min(capacity >>> 0, this.#chunk.length - this.#taken);
    const isWhole = length === this.#chunk.length;
    memory.put(
      address,
      isWhole ? this.#chunk : this.#chunk.subarray(this.#taken, this.#taken + length),
    );
    this.#taken += length;
    this.#waiting = null;
    return length;
  }

  /** The read is cancelled: the next one gets the bytes that this one waited for or got. */
  giveBack(operation: ReadOperation): void {
    if (this.#waiting === operation) this.#waiting = null;
    this.#taken -= operation.value;
  }

  /** Discards the rest, which closes the connection unless the body had ended. */
  close(): void {
    const reader = this.#reader;
    this.#reader = null;
    this.#chunk = nothing;
    this.#taken = 0;
    reader?.cancel().catch(() => {});
  }

  #pull(reader: PieceReader): void {
    this.#isReading = true;
    // All of it has been taken: tell the guest before asking for a new piece.
    this.#chunk = nothing;
    this.#taken = 0;
    reader.read().then(this.#onRead, this.#onFailure);
  }

  readonly #onRead = ({ value, done }: ReadableStreamReadResult<Uint8Array>): void => {
    this.#isReading = false;
    if (this.#reader === null) return;
    if (done) {
      this.#reader = null;
    } else {
      this.#reader.reuse(value);
      this.#chunk = value;
      this.#taken = 0;
      if (value.length === 0) return this.#pull(this.#reader);
    }
    this.#wake();
  };

  readonly #onFailure = (): void => {
    this.#isReading = false;
    if (this.#reader === null) return;
    this.#reader = null;
    this.#hasFailed = true;
    this.#wake();
  };

  #wake(): void {
    if (this.#waiting === null) return;
    if (this.#hasFailed) {
      this.#completions.fail(this.#waiting, this.#failure);
      this.#waiting = null;
    } else {
      this.#completions.complete(this.#waiting);
    }
  }
}

export class ReadOperation extends Operation {
  constructor(
    id: number,
    private readonly stream: BodyStream | null,
    private readonly address: number,
    private readonly capacity: number,
  ) {
    super(id);
  }

  override deliver(memory: GuestMemory): void {
    if (this.stream === null || this.status !== Status.ok) return;
    this.value = this.stream.take(memory, this.address, this.capacity);
  }

  override abandon(): void {
    this.stream?.giveBack(this);
  }
}
