// What the developer is told while parts take long to start.
import type { StartingPart } from "./part_group.ts";

const GAP_MS = 8_000;

/** Tells of each part that is starting what it does; ends with the function that it returns. */
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
