// @ts-check
// One line for the developer about a fault at the start, and what to do about it.
import { StartError } from "./start_error.mjs";

const OTHER_DIRECTORY = "./scripts/dev --data DIR";

/**
 * @param {unknown} error
 * @returns {string}
 */
export function explain(error) {
  if (error instanceof StartError) return error.message;
  const { code, path, message } = /** @type {NodeJS.ErrnoException} */ (error);
  const where = path ? ` (${path})` : "";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return `No space left on the disk${where}. Free some, or use another: ${OTHER_DIRECTORY}`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `The data directory cannot be written${where}. Use another: ${OTHER_DIRECTORY}`;
    case "ENOTDIR":
    case "EEXIST":
      return `The data directory is no directory${where}. Use another: ${OTHER_DIRECTORY}`;
    default:
      return message || String(error);
  }
}
