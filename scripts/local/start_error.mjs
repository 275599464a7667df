// @ts-check

/** A fault that the developer can do something about: its message is shown alone. */
export class StartError extends Error {
  /** @override */
  name = "StartError";
}
