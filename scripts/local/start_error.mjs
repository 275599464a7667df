// @ts-check

/** A fault that the developer can fix: only its message is shown. */
export class StartError extends Error {
  /** @override */
  name = "StartError";
}
