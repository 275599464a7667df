// Random values of a file's tests come from one seed, a new one at each run: SEED=... repeats a run,
// as far as the machine's own order of events allows.
import { randomNumbers, tellSeed } from "./random_numbers.ts";

export const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
tellSeed(`SEED=${SEED}`);

const random = randomNumbers(SEED);

/** From 0 to below 1, like Math.random. */
export const chance = (): number => random(2 ** 31) / 2 ** 31;
