// Random numbers that can be had again from their seed.
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** A whole number from 0 to below `limit`. */
export type Random = (limit: number) => number;

/** Mulberry32: small, and the same for the same seed. */
export function randomNumbers(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Says with which settings of the environment a file's tests are had again; a test run ends with these lines. */
export function tellSeed(settings: string): void {
  const file = basename(fileURLToPath(import.meta.url)).replace(/(\.test)?\.js$/, "");
  console.log(`seed: ${file}: ${settings}`);
}
