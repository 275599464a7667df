// Asks the database once, as every turn must, and passes the model's body on unchanged.
import type { Relay } from "./platform.ts";

export const relay: Relay = async (request, { setting }) => {
  const { text } = (await request.json()) as { text: string };
  const begun = await fetch(`${setting("DATABASE_URL")}/rpc/begin_turn`, {
    method: "POST",
    headers: { "content-type": "application/json", apikey: setting("DATABASE_KEY") },
    body: JSON.stringify({ request: { kind: "chat", text } }),
  });
  await begun.text();
  const answer = await fetch(`${setting("MODEL_URL")}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "scripted", stream: true, messages: [{ role: "user", content: text }] }),
  });
  return new Response(answer.body, { headers: { "content-type": "text/event-stream" } });
};
