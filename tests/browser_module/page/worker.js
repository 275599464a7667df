import { loadFabula } from "./fabula.js";

const { sessionTitle } = await loadFabula();
postMessage(sessionTitle("# In a *worker*"));
