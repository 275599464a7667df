// The conversation as this browser keeps it: a reload and every tab show the same one.

const STORAGE_KEY = "fabula.conversation";

/**
 * @typedef {import("./chat.js").Problem} Problem
 * @typedef {import("./chat.js").Ask} Ask
 * @typedef {{id: string, role: "user" | "assistant", text: string, state: "writing" | "done" | "stopped" |
 *   "failed", ask?: Ask, problem?: Problem, facts?: Record<string, string | number>}} Message
 *   Of a reply, `facts.stream_id` is where it can be read on
 * @typedef {{id: string, guestToken?: string, sessionId?: string, projectId?: string, title?: string,
 *   messages: Message[]}} Conversation
 */

/** @returns {Conversation} */
export function newConversation(guestToken) {
  return { id: crypto.randomUUID(), messages: [], ...(guestToken && { guestToken }) };
}

/** @returns {Conversation} */
export function load() {
  const conversation = stored();
  // An earlier page has kept no ids: its guest stays.
  return conversation?.id ? conversation : newConversation(conversation?.guestToken);
}

/**
 * Keeps it for a reload and for other tabs, with what these have said in it meanwhile. A conversation that
 * another tab has begun stays.
 */
export function save(conversation) {
  const others = stored();
  if (others?.id && others.id !== conversation.id) return;
  const known = new Set(conversation.messages.map(({ id }) => id));
  const said = others?.id ? others.messages.filter(({ id }) => !known.has(id)) : [];
  conversation.messages.push(...said);
  keep(conversation);
}

/** Keeps it in the place of whatever was kept. */
export function keep(conversation) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(conversation));
  } catch {
    // Storage is full or forbidden: the conversation goes on, only a reload will not show it.
  }
}

/** Calls back when another tab has kept something. */
export function onKeptElsewhere(callback) {
  addEventListener("storage", ({ key }) => {
    if (key === STORAGE_KEY || key === null) callback(load());
  });
}

function stored() {
  try {
    const conversation = JSON.parse(localStorage.getItem(STORAGE_KEY));
    return Array.isArray(conversation.messages) ? conversation : undefined;
  } catch {
    return undefined;
  }
}
