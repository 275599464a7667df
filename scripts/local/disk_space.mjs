// @ts-check
// A full disk looks like many other faults; this one is worth its own words.
import { statfsSync } from "node:fs";
import { StartError } from "./start_error.mjs";

// PostgreSQL writes its log ahead in files of 16 MB, and there must be room for the next one.
const NEEDED_BYTES = 32 * 1024 * 1024;

/**
 * Throws when there is too little space for a database to be written.
 * @param {string} directory
 */
export function checkDiskSpace(directory) {
  const { bavail, bsize } = statfsSync(directory);
  const free_bytes = bavail * bsize;
  if (free_bytes >= NEEDED_BYTES) return;
  const free = `${Math.floor(free_bytes / 1024 / 1024)} MB`;
  throw new StartError(
    `The disk of ${directory} is full (${free} left). ` +
      "Free some space, or use another disk: ./scripts/dev --data DIR",
  );
}
