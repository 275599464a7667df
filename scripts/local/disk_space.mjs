// @ts-check
// A full disk looks like many other faults, so it gets its own message.
import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "./start_error.mjs";

// PostgreSQL's write-ahead log has files of 16 MB, and the next one must fit.
const NEEDED_BYTES = 32 * 1024 * 1024;

// npm packages, compiled functions, the local model's server. Set-up itself checks the rest, such as
// the size of Debian's packages.
const NEEDED_BY_FIRST_START_BYTES = 700 * 1024 * 1024;

/**
 * Throws when there is too little space to set up and build in the repository.
 * @param {string} root
 */
export function checkDiskSpaceForSetUp(root) {
  if (existsSync(join(root, "node_modules/.fabula-setup"))) return;
  const free_bytes = freeBytes(root);
  if (free_bytes >= NEEDED_BY_FIRST_START_BYTES) return;
  throw new StartError(
    `The first start needs ${megabytes(NEEDED_BY_FIRST_START_BYTES)} in ${root}, and ` +
      `${megabytes(free_bytes)} are free: free some space and run this again.`,
  );
}

/**
 * Throws when there is too little space for a database to be written.
 * @param {string} directory
 */
export function checkDiskSpace(directory) {
  const free_bytes = freeBytes(directory);
  if (free_bytes >= NEEDED_BYTES) return;
  throw new StartError(
    `The disk of ${directory} is full (${megabytes(free_bytes)} left). ` +
      "Free some space, or use another disk: ./scripts/dev --data DIR",
  );
}

/** @param {string} directory */
function freeBytes(directory) {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${Math.floor(bytes / 1024 / 1024)} MB`;
}
