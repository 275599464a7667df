// A connection that loses no answer. A server that does not want a whole body answers early and
// resets the connection. The next write then fails, and Node drops the answer that has arrived but
// has not been read. Here the failure is reported only when everything that arrived has been read.
import { Socket } from "node:net";

type Done = (error?: Error | null) => void;

export class PatientSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    super._write(chunk, encoding, reportLate(done));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Done): void {
    super._writev?.(chunks, reportLate(done));
  }
}

// The first round of the event loop may be the current one, which has already read.
function reportLate(done: Done): Done {
  return (error) => {
    if (error) setImmediate(() => setImmediate(done, error));
    else done();
  };
}
