// The cost of reading a chunk in an engine's own JavaScript, to compare with the decoder in
// WebAssembly: from the bytes of an event's data to the one text in it.
const decoder = new TextDecoder();

interface Chunk {
  choices: { delta?: { content?: string } }[];
}

/** Reads the body's lines, a chunk each, `repeats` times; answers how many text characters they had. */
export async function decode(request: Request): Promise<Response> {
  const repeats = Number(new URL(request.url).searchParams.get("repeats"));
  const encoder = new TextEncoder();
  const chunks = (await request.text()).trimEnd().split("\n").map((line) => encoder.encode(line));
  let characters = 0;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const chunk of chunks) {
      const { choices } = JSON.parse(decoder.decode(chunk)) as Chunk;
      characters += choices[0]?.delta?.content?.length ?? 0;
    }
  }
  return new Response(String(characters));
}
