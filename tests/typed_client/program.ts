// A builder's program with a client that is generated from the API's document: it chats, reads the story's
// dossier, changes it, and undoes the change. It compiles in the strictest mode without a cast, so that
// anything wrong or missing in the document fails here.
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/api.js";

type ChatEvent = components["schemas"]["ChatEvent"];
type Character = components["schemas"]["DossierCharacter"];

const baseUrl = process.argv[2] ?? "";
const failures: string[] = [];

function check(condition: boolean, what: string): void {
  if (!condition) failures.push(what);
}

const client = createClient<paths>({ baseUrl });

// A guest.
const guest = await client.POST("/users/guest");
if (!guest.data) throw new Error(guest.error.detail ?? guest.error.title);
check(guest.response.headers.get("location") === `${baseUrl}/users/me`, "a guest's Location");
check(!Number.isNaN(Date.parse(guest.data.expires_at)), "a guest's expires_at");
client.use({
  onRequest({ request }) {
    request.headers.set("authorization", `Bearer ${guest.data.guest_token}`);
    return request;
  },
});

// A chat, of which only the text has to be sent.
const text = "A lighthouse keeper finds a door in the sea.";
const chat = await client.POST("/chat", { body: { text }, parseAs: "text" });
if (chat.error) throw new Error(chat.error.detail ?? chat.error.title);
let reply = "";
let projectId: string | undefined;
for (const line of (typeof chat.data === "string" ? chat.data : "").split("\n")) {
  if (!line.startsWith("data: ")) continue;
  const event: ChatEvent = JSON.parse(line.slice("data: ".length));
  switch (event.type) {
    case "text":
      reply += event.content;
      break;
    case "metadata":
      projectId = event.metadata.project_id;
      check((event.metadata.tokens?.out ?? 0) >= 0, "the metadata's tokens");
      break;
    case "done":
      check(event.finish_reason === "stop", "the reason of the end");
      break;
    case "error":
      throw new Error(`${event.error.code}: ${event.error.message}`);
    case "reasoning":
      break;
  }
}
check(reply !== "", "the reply's text");
if (!projectId) throw new Error("The metadata names no project.");

// The same, whole.
const whole = await client.POST("/chat", { body: { text }, headers: { accept: "application/json" } });
if (!whole.data || typeof whole.data === "string") throw new Error("No whole reply.");
check(whole.data.text !== "" && whole.data.metadata.message_id !== undefined, "a whole reply");

// The dossier, with its types.
const path = { project_id: projectId };
const written = await client.PUT("/dossier/{project_id}", {
  params: { path },
  body: {
    snapshot_json: {
      title: "The Door",
      characters: [{ name: "Mara", age: "34", aliases: ["the Keeper"], character_arc: null }],
      themes: ["Loss"],
      locations: [{ name: "The lighthouse" }],
    },
  },
});
if (!written.data) throw new Error(written.error.detail ?? written.error.title);
const mara: Character | undefined = written.data.snapshot_json.characters[0];
if (!mara) throw new Error("Nobody is in the dossier.");
check(mara.name === "Mara" && mara.age === "34" && mara.aliases.includes("the Keeper"), "a character");
const ownField: Character[string] | undefined = mara["shoe_size"];
check(ownField === undefined, "a field that is not there");
check(written.data.snapshot_json.locations[0]?.name === "The lighthouse", "a place");
check(written.data.snapshot_json.title === "The Door", "the title");

// A change, where it comes from, and back again. What was read can be sent.
const changed = await client.PUT("/dossier/{project_id}", {
  params: { path, header: { "If-Match": `"${written.data.version}"` } },
  body: {
    snapshot_json: {
      ...written.data.snapshot_json,
      characters: written.data.snapshot_json.characters.map((each) => ({ ...each, age: "35" })),
    },
  },
});
if (!changed.data) throw new Error(changed.error.detail ?? changed.error.title);
check(changed.data.snapshot_json.characters[0]?.age === "35", "the change");
const history = await client.GET("/dossier/{project_id}/history", { params: { path } });
const [newest] = history.data ?? [];
if (!newest) throw new Error("No change is told.");
check(newest.entries.some(({ field, value }) => field === "age" && value === "35"), "the change's entries");
check(new Date(newest.at).toISOString() === newest.at, "the time of a change");
const difference = await client.GET("/dossier/{project_id}/diff", {
  params: { path, query: { from: written.data.version } },
});
const [differing] = difference.data?.changes.characters.changed ?? [];
check(differing?.fields[0]?.from === "34" && differing.fields[0].to === "35", "the difference");
const facts = await client.GET("/dossier/{project_id}/provenance", { params: { path } });
const [fact] = facts.data ?? [];
check(fact !== undefined && fact.import === null, "a fact that no import has found");
const written_relation = await client.PATCH("/dossier/{project_id}", {
  params: { path },
  body: { snapshot_json: { characters: [{ name: "Mara", relationships: ["sister: Nora"] }] } },
});
const [sister] = written_relation.data?.snapshot_json.characters[0]?.relations ?? [];
check(sister?.relation === "sister" && sister.name === "Nora" && sister.character_id === null, "a relation");
const taken_back = await client.POST("/dossier/{project_id}/undo", { params: { path }, body: {} });
check(taken_back.data?.snapshot_json.characters[0]?.relations.length === 0, "a relation that is taken back");
const decided = await client.POST("/dossier/{project_id}/proposals", { params: { path }, body: { accept: ["none"] } });
check(decided.error?.errors?.[0]?.path === "accept[0]", "the proposal that is not there");
const removed = await client.DELETE("/dossier/{project_id}/entries/{entry_id}", {
  params: { path: { ...path, entry_id: mara.id } },
});
check(removed.data?.snapshot_json.characters.length === 0, "a character that is removed");
await client.POST("/dossier/{project_id}/undo", { params: { path }, body: {} });
const readings = await client.GET("/dossier/{project_id}/readings", { params: { path } });
check(readings.data?.every(({ failures }) => failures.every(({ code }) => code !== "")) ?? false, "readings");
check(facts.data?.every(({ at }) => !Number.isNaN(Date.parse(at))) ?? false, "the times of facts");

const undone = await client.POST("/dossier/{project_id}/undo", {
  params: { path },
  body: { change: newest.change },
});
if (!undone.data) throw new Error(undone.error.detail ?? undone.error.title);
check(undone.data.snapshot_json.characters[0]?.age === "34", "what is undone");
for (const question of undone.data.snapshot_json.open_questions) {
  check(question.values.every(({ quote }) => quote === null || quote !== ""), "a question's values");
}

// A model's prompt, and the messages.
const messageId = whole.data.metadata.message_id ?? "";
const context = await client.GET("/chat/messages/{message_id}/context", {
  params: { path: { message_id: messageId } },
});
check((context.data?.settings.max_output_tokens ?? 0) > 0, "a request's settings");
check(
  context.data?.messages.every(({ cut }) => cut === undefined || cut.sent_bytes < cut.bytes) ?? false,
  "what was cut of the messages",
);
check(context.error?.resets_at === undefined && context.error?.limit?.tokens === undefined, "a plan's members");
check(context.data?.facts.every(({ fact_id }) => fact_id !== "") ?? false, "the facts that were sent");
const messages = await client.GET("/sessions/{session_id}/messages", {
  params: { path: { session_id: whole.data.metadata.session_id ?? "" } },
});
check(messages.data?.[1]?.metadata.finish_reason === "stop", "a message's metadata");

// Work that is followed by its address.
const imported = await client.POST("/dossier/{project_id}/import", {
  params: { path },
  body: { text: "Chapter 1\n\nMara opened the door in the sea." },
});
if (!imported.data) throw new Error(imported.error.detail ?? imported.error.title);
check(imported.data.status_url === imported.response.headers.get("location"), "an import's Location");
const followed = await fetch(imported.data.status_url, {
  headers: { authorization: `Bearer ${guest.data.guest_token}` },
});
check(followed.status === 200, `an import's status_url: ${followed.status} ${imported.data.status_url}`);

const options = await client.GET("/story/options");
check(options.data?.["story_lengths"]?.options?.some(({ value }) => value !== "") ?? false, "a list of options");
const estimate = await client.POST("/story/estimate", { body: {} });
check((estimate.data?.calls ?? 0) > 0, "an estimate");

if (failures.length > 0) throw new Error(`Not as the document says: ${failures.join("; ")}.`);
console.log("everything is as the document says");
