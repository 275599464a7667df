// The least that a relay can do: nothing is read, the model's body is handed on as it is.
import type { Relay } from "./platform.ts";

export const relay: Relay = async (request, { setting }) => {
  const answer = await fetch(`${setting("MODEL_URL")}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: await request.text(),
  });
  return new Response(answer.body, { headers: { "content-type": "text/event-stream" } });
};
