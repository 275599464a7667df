import { takeCounts } from "./counted.ts";
import functions from "functions";

export default {
  fetch(request: Request, env: Record<string, unknown>, context: object) {
    if (new URL(request.url).pathname === "/counts") return takeCounts();
    return functions.fetch(request, env, context);
  },
};
