// What the tests of a file leave to chance comes of one seed, another one at each run: SEED=... has it
// again, as far as the machine's own order of things allows.
import { randomNumbers, tellSeed } from "./random_numbers.ts";

export const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
tellSeed(`SEED=${SEED}`);

const random = randomNumbers(SEED);

/** From 0 to below 1, as Math.random. */
export const chance = (): number => random(2 ** 31) / 2 ** 31;
