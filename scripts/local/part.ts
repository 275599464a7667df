// What the development server is made of: a database, a model, the functions.

/** Takes one line of a part's output, without its line end. */
export type LineLog = (line: string) => void;

/** A part that runs and takes requests. */
export interface Part {
  /** Where it listens: `http://127.0.0.1:PORT`, or another machine's URL. */
  url: string;
  /** Ends the part and all that it started; resolves when nothing of it is left. */
  stop(): Promise<void>;
  /** Resolves with a reason when the part ends without having been stopped; absent if it cannot. */
  ended?: Promise<string>;
}

export { StartError } from "./start_error.mjs";
