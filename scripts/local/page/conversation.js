// The conversation in this browser's storage: a reload and every tab show the same one.

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
  // An earlier version of the page stored no ids: its guest is kept.
  return conversation?.id ? conversation : newConversation(conversation?.guestToken);
}

/**
 * Stores it for a reload and for other tabs, merged with what these have added meanwhile. A conversation
 * that another tab has begun is not overwritten.
 */
export function save(conversation) {
  const others = stored();
  if (others?.id && others.id !== conversation.id) return;
  const known = new Set(conversation.messages.map(({ id }) => id));
  const said = others?.id ? others.messages.filter(({ id }) => !known.has(id)) : [];
  conversation.messages.push(...said);
  keep(conversation);
}

/** Stores it in place of any stored conversation. */
export function keep(conversation) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(conversation));
  } catch {
    // Storage is full or forbidden: the conversation continues, but a reload will not show it.
  }
}

/** Calls back when another tab has stored something. */
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
