// Reports progress to the developer while parts take long to start.
import type { StartingPart } from "./part_group.ts";

const GAP_MS = 8_000;

/** Reports what each starting part does, until the returned function is called. */
export function reportStarts(
  starting: () => StartingPart[],
  print: (line: string) => void,
): () => void {
  const timer = setInterval(() => {
    for (const { name, progress, elapsed_ms } of starting()) {
      print(`${name}: ${progress ?? "starting"} (${Math.round(elapsed_ms / 1000)} s)`);
    }
  }, GAP_MS);
  return () => clearInterval(timer);
}
