// The least that a relay can do: reads nothing and passes the model's body on unchanged.
import type { Relay } from "./platform.ts";

export const relay: Relay = async (request, { setting }) => {
  const answer = await fetch(`${setting("MODEL_URL")}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: await request.text(),
  });
  return new Response(answer.body, { headers: { "content-type": "text/event-stream" } });
};
