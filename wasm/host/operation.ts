import { Status } from "./abi.ts";
import type { GuestMemory } from "./memory.ts";

/** One operation that a guest started, and finally its completion. */
export class Operation {
  status: Status = Status.ok;
  value = 0;
  detail = 0;
  /** The completion is queued or was delivered: later results are ignored. */
  isComplete = false;

  constructor(readonly id: number) {}

  /** Called when the completion is handed over; only now may the guest's buffer be written. */
  deliver(_memory: GuestMemory): void {}

  /**
   * The guest has abandoned the operation, or is gone: stops the work and takes back a result that
   * the guest has not taken. Called at most once.
   */
  abandon(): void {}
}
