// Prints `hosted`, `running` or `local`, for set-up: only `local` needs the model to be fetched.
import { chooseProvider } from "./providers.ts";

console.log((await chooseProvider(process.env)).kind);
