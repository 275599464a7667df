// Shows one answer as it arrives; the tests use the loaded module as `fabula`.
import { loadFabula } from "./fabula.js";

const fabula = await loadFabula();
globalThis.fabula = fabula;

const reply = document.querySelector("#reply");
const stream = fabula.openChatStream();
const { body } = await fetch("chat", { method: "POST" });
for await (const piece of body) {
  for (const event of stream.feed(piece)) {
    if (event.type === "text") reply.textContent += event.content;
    if (event.type === "metadata") document.title = event.metadata.title;
  }
}
reply.dataset.end = stream.isOver ? `over at ${stream.lastId}` : "broken";
