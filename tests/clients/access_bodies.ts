// Valid bodies, so that a refusal can only concern the caller's rights.
import assert from "node:assert/strict";
import { talk } from "./chat.ts";
import { newWord, type Person } from "./people.ts";
import type { Stack } from "./stack.ts";

/** The last message to a model that is to continue a reply: shared/prompts/go_on.md. */
export const INSTRUCTION_TO_GO_ON =
  "Go on exactly where your last message stops, in the middle of the sentence if it stops there. " +
  "Repeat nothing of it and add no introduction. If it stops between two words, begin with a space.";
/** The prompt of anonymous callers. */
export const NOBODYS_PROMPT = "Who am I to you?";

export interface Request {
  /** Such as `PATCH /projects/{project_id}`. */
  route: string;
  /** The caller; undefined for an anonymous one. */
  person: Person | undefined;
  people: readonly Person[];
  /** A refused request must change nothing. */
  isRefused: boolean;
}

/** Undefined for routes that take no body. */
export async function validBody(stack: Stack, request: Request): Promise<object | undefined> {
  const { route, person } = request;
  const word = () => newWord(stack, person?.marks ?? new Set());
  const known = (person ?? request.people[0]!).known;
  switch (route) {
    case "POST /chat":
      return { text: person?.prompt ?? NOBODYS_PROMPT };
    case "PATCH /chat/messages/{message_id}":
      return { content: word() };
    case "POST /chat/messages/{message_id}/continue":
    case "POST /chat/messages/{message_id}/regenerate":
      return {};
    case "POST /stream/v1/stream": {
      const bot_id = (person ?? request.people[0]!).botId;
      return { bot_id, conversation_id: 1, prompt: person?.prompt ?? NOBODYS_PROMPT };
    }
    case "POST /stream/v1/bots":
    case "PATCH /stream/v1/bots/{bot_id}":
      return { model: "scripted", name: word() };
    case "POST /companion/chat":
    case "POST /companion/chat/stream":
      return { messages: [{ role: "user", content: person?.prompt ?? NOBODYS_PROMPT }] };
    case "POST /companion/conversations":
      return { title: word() };
    case "POST /companion/conversations/restore":
      return { conversation_id: (person ?? request.people[0]!).conversationId };
    case "POST /companion/conversation/{conversation_id}/greeting":
      return { greeting_index: 1 };
    case "POST /companion/characters":
    case "PATCH /companion/characters/{companion_id}":
      return { name: word() };
    case "POST /companion/characters/{companion_id}/memories":
      return { text: word() };
    case "PATCH /companion/characters/{companion_id}/memories/{memory_id}":
      return { is_pinned: true };
    case "POST /companion/characters/import":
      return { spec: "chara_card_v2", data: { name: word(), description: word() } };
    case "POST /tasks/run":
      // There are no tasks of this kind; with other kinds the call would do everybody's tasks.
      return { kinds: ["session_summary"] };
    case "POST /projects":
    case "PATCH /projects/{project_id}":
      return { name: word() };
    case "POST /dossier":
      return { name: word(), snapshot_json: { characters: [{ name: word() }] } };
    case "PUT /dossier/{project_id}":
    case "PATCH /dossier/{project_id}":
      return { snapshot_json: { logline: word() } };
    case "POST /dossier/{project_id}/undo":
    case "POST /dossier/{project_id}/redo":
      return {};
    case "POST /dossier/{project_id}/lock":
    case "POST /dossier/{project_id}/unlock":
      return { id: known.character, field: "occupation" };
    case "POST /dossier/{project_id}/questions/{question_id}/resolve":
      return { choose: known.value };
    case "POST /dossier/{project_id}/characters/{character_id}/split":
      return { parts: [{ mentions: [known.mention] }] };
    case "POST /dossier/{project_id}/characters/merge":
      return { ids: [known.character, known.otherCharacter], same: true };
    case "POST /dossier/{project_id}/proposals":
      return { accept: [known.proposal] };
    case "PATCH /sessions/{session_id}":
      return { title: word() };
    case "POST /dossier/{project_id}/import":
      return { text: `Once there was ${word()}.` };
    case "POST /story/ideas":
    case "POST /story/setup":
      return { idea: word() };
    case "POST /story/refine-outline":
      return { title: word(), feedback: word() };
    case "POST /story/estimate":
    case "POST /story/generate-premise":
    case "POST /story/generate-outline":
    case "POST /story/generate-start":
    case "POST /story/continue":
    case "PATCH /story/projects/{project_id}":
      return { title: word() };
    case "POST /story/generate-full":
      return { title: word(), target_words: 200 };
    case "POST /story/illustrations":
      return { project_id: (person ?? request.people[0]!).projectId };
    case "PUT /story/projects/{project_id}/premise":
      return { text: word() };
    case "PUT /story/projects/{project_id}/outline":
      return { scenes: [{ number: 1, title: word(), description: word() }] };
    case "POST /story/projects/{project_id}/scenes":
      return { title: word() };
    case "PATCH /story/projects/{project_id}/scenes/{scene_id}":
      return { text: word() };
    case "POST /story/projects/{project_id}/scenes/{scene_id}/move":
      return { after_scene_id: null };
    case "PUT /users/plans/{plan_name}":
      return { calls_a_month: 7, tokens_a_month: null, images_a_month: 0 };
    case "PUT /users/plans/of/{user_id}":
      return { plan: "basic" };
    case "PATCH /admin/accounts/{user_id}":
      return { is_suspended: false };
    case "POST /users":
      return { display_name: word() };
    case "POST /sessions/migrate":
      return migration(stack, request);
    default:
      return undefined;
  }
}

async function migration(stack: Stack, { person, people, isRefused }: Request): Promise<object> {
  const named = (name: string) => people.find((other) => other.name === name)!;
  if (person && !isRefused) {
    const { events, guestToken } = await talk(stack, { text: NOBODYS_PROMPT });
    const { user_id } = events.metadata;
    return { temp_user_id: user_id, permanent_user_id: person.id, guest_token: guestToken };
  }
  const guest = named(person?.name === "another guest" ? "a guest" : "another guest");
  const account = person ?? named("a user");
  assert.ok(guest.token.startsWith("fg_"));
  return { temp_user_id: guest.id, permanent_user_id: account.id, guest_token: guest.token };
}
