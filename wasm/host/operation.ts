import { Status } from "./abi.ts";
import type { GuestMemory } from "./memory.ts";

/** One operation that a guest started, and in the end its completion. */
export class Operation {
  status: Status = Status.ok;
  value = 0;
  detail = 0;
  /** Its completion is queued or was delivered: whatever comes later is ignored. */
  isComplete = false;

  constructor(readonly id: number) {}

  /** Called when the completion is handed over; only now may the guest's buffer be written. */
  deliver(_memory: GuestMemory): void {}

  /**
   * The guest gave the operation up, or is gone: stops the work and takes back a result that the
   * guest has not taken. Called at most once.
   */
  abandon(): void {}
}
