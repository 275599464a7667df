// The parts of the development server: a database, a model, the functions.

/** Takes one line of a part's output, without its line end. */
export type LineLog = (line: string) => void;

/** A part that runs and takes requests. */
export interface Part {
  /** The part's URL: `http://127.0.0.1:PORT`, or that of another machine. */
  url: string;
  /** Ends the part and everything that it started; resolves when all of it has ended. */
  stop(): Promise<void>;
  /** Resolves with a reason when the part ends without having been stopped; absent if it cannot. */
  ended?: Promise<string>;
}

export { StartError } from "./start_error.mjs";
