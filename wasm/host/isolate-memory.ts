/**
 * Numbers that guests keep for later requests of this isolate. A guest lives for one request only,
 * and should not have to learn the same facts about a model's server each time.
 */
const capacity = 512;
const maximumNameLength = 2048;

// In the order in which they were kept: the oldest comes first.
const numbers = new Map<string, number>();

export function remember(name: string, value: number): void {
  if (name.length > maximumNameLength) return;
  numbers.delete(name);
  numbers.set(name, value);
  if (numbers.size <= capacity) return;
  const oldest = numbers.keys().next();
  if (!oldest.done) numbers.delete(oldest.value);
}

/** 0 when there is no number under this name. */
export function recall(name: string): number {
  return numbers.get(name) ?? 0;
}
