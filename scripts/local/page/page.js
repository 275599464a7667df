// A conversation with Fabula: sends the user's text, shows each piece of the answer as it arrives, and
// continues the same conversation after a reload and in every tab, even in the middle of an answer.
import { cancel, findNewestReply, receive } from "./chat.js";
import { keep, load, newConversation, onKeptElsewhere, save } from "./conversation.js";
import { openDossier } from "./dossier.js";
import {
  appendMessages,
  find,
  scrollToEnd,
  showConversation,
  showMessage,
  showMessages,
  showRunning,
  showText,
  stayAtEnd,
} from "./view.js";

/** @typedef {import("./conversation.js").Message} Message */

/** The finish reasons of incomplete replies that can be continued. */
const CUTS = {
  length: "The answer is longer than one reply may be",
  content_filter: "The model's provider has cut the answer",
  refusal: "The model has refused to go on",
};

const [form, input] = ["#form", "#text"].map((it) => find(it));
const actions = { tryAgain: (reply) => void tryAgain(reply), forget: () => startOver() };
let conversation = load();
/** @type {{reply: Message, left: AbortController, isToStop: boolean} | undefined} */
let running;

function send(text) {
  const { sessionId: session_id, projectId: project_id } = conversation;
  const body = { text, session_id, project_id, detach: true };
  const ask = { path: "", body, key: crypto.randomUUID() };
  const [question, reply] = [
    { id: crypto.randomUUID(), role: "user", text, state: "done" },
    { id: crypto.randomUUID(), role: "assistant", text: "", state: "writing", ask },
  ];
  conversation.messages.push(question, reply);
  appendMessages([question, reply], actions);
  save(conversation);
  scrollToEnd();
  void follow(reply);
}

/** Shows a reply as it is written, from its current position. */
async function follow(reply) {
  const left = new AbortController();
  const own = (running = { reply, left, isToStop: false });
  reply.state = "writing";
  delete reply.problem;
  showMessage(reply);
  show();
  const begin_ms = performance.now();
  const elapsed_ms = () => Math.round(performance.now() - begin_ms);
  const listener = {
    signal: left.signal,
    token: () => conversation.guestToken,
    isBegunElsewhere: () => adoptStream(reply),
    onHead: (headers) => {
      reply.facts = { ...reply.facts, stream_id: headers.get("x-stream-id") ?? "" };
      reply.ask.isRepeated = headers.get("idempotent-replayed") === "true";
      remember({
        session_id: headers.get("x-session-id"),
        project_id: headers.get("x-project-id"),
        guest_token: headers.get("x-guest-token"),
      });
      if (own.isToStop) void stop();
    },
    onText: () => {
      reply.facts = { ...reply.facts, first_token_ms: reply.facts?.first_token_ms ?? elapsed_ms() };
      stayAtEnd(() => showText(reply));
    },
    onMetadata: (metadata) => {
      remember(metadata);
      const { model, provider, message_id, user_message_id, tokens } = metadata;
      const used = { tokens_in: tokens?.in, tokens_out: tokens?.out };
      Object.assign(reply.facts, { model, provider, message_id, user_message_id, ...used });
    },
  };
  try {
    const reason = await receive(reply, listener);
    reply.state = CUTS[reason] ? "failed" : reason === "cancelled" ? "stopped" : "done";
    if (CUTS[reason]) reply.problem = { title: CUTS[reason] };
  } catch (problem) {
    if (running !== own) return; // Left: the next page or tab continues reading.
    reply.state = left.signal.aborted ? "stopped" : "failed";
    if (reply.state === "failed") reply.problem = problem;
  }
  if (running !== own) return;
  reply.facts = { ...reply.facts, total_ms: elapsed_ms() };
  running = undefined;
  const count = conversation.messages.length;
  save(conversation);
  stayAtEnd(() => showMessage(reply));
  find("#status").textContent = reply.state === "done" ? "The answer is complete." : "";
  if (conversation.messages.length !== count) showAll(); // Other tabs have continued.
  else show();
  input.focus();
}

/** Whether another tab has begun the reply: then it is continued here. */
function adoptStream(reply) {
  const kept = load();
  const facts = kept.messages.find(({ id }) => id === reply.id)?.facts;
  if (kept.id !== conversation.id || !facts?.stream_id) return false;
  reply.facts = { ...reply.facts, stream_id: facts.stream_id };
  const { sessionId: session_id, projectId: project_id, guestToken: guest_token, title } = kept;
  remember({ session_id, project_id, guest_token, title });
  return true;
}

/** Ends the running reply and keeps its text. */
async function stop() {
  if (!running) return;
  const { reply, left } = running;
  running.isToStop = true;
  find("#stop").disabled = true;
  if (!reply.facts?.stream_id) return; // It stops as soon as the id is known.
  try {
    await cancel(reply.facts.stream_id, conversation.guestToken);
  } catch {
    left.abort();
  }
}

/** Leaves the running reply, which continues. */
function leave() {
  running?.left.abort();
  running = undefined;
}

/**
 * Answers a message again in its place. Existing text of the reply is kept and continued; without any, the
 * same request is sent again with its key, or, when the conversation has continued, the message is answered
 * anew and the conversation continues from there.
 * @param {Message} reply
 */
async function tryAgain(reply) {
  if (running) return;
  const place = conversation.messages.indexOf(reply);
  const isNewest = place === conversation.messages.length - 1;
  const { user_message_id } = reply.facts ?? {};
  let { message_id } = reply.facts ?? {};
  const { sessionId, guestToken } = conversation;
  if (reply.text !== "" && !message_id && isNewest) message_id = await findNewestReply(sessionId, guestToken);
  if (running) return;
  const again = (path) => ({ path, body: { detach: true }, key: crypto.randomUUID(), kept: reply.text.length });
  if (reply.text !== "" && message_id) {
    reply.ask = again(`/messages/${message_id}/continue`);
  } else if (user_message_id && (!isNewest || reply.ask.isRepeated)) {
    reply.ask = { ...again(`/messages/${user_message_id}/regenerate`), kept: 0 };
  }
  if (!isNewest) conversation.messages.splice(place + 1);
  reply.facts = { user_message_id };
  keep(conversation);
  showAll();
  if (!running) void follow(reply);
}

function remember({ session_id, project_id, guest_token, title }) {
  conversation.sessionId = session_id ?? conversation.sessionId;
  conversation.projectId = project_id ?? conversation.projectId;
  conversation.guestToken = guest_token ?? conversation.guestToken;
  conversation.title = title ?? conversation.title;
  save(conversation);
  showConversation(conversation);
}

/** Begins a new conversation, of the same guest if a token is given. */
async function startOver(guestToken) {
  const stopped = stop();
  leave();
  conversation = newConversation(guestToken);
  keep(conversation);
  showAll();
  input.focus();
  await stopped;
}

function show() {
  showConversation(conversation);
  showRunning(Boolean(running), conversation.messages.length === 0);
}

/** Shows the conversation in its current state, and follows the running reply. */
function showAll() {
  showMessages(conversation.messages, actions);
  show();
  const written = conversation.messages.findLast(({ state }) => state === "writing");
  if (written && !running) void follow(written);
}

onKeptElsewhere((kept) => {
  const isSame = kept.id === conversation.id;
  if (running && isSame) return;
  leave();
  // Another tab may still be reading a reply whose end is known here.
  const ended = conversation.messages.filter(({ state }) => state === "done" || state === "stopped");
  const own = new Map(isSame ? ended.map((message) => [message.id, message]) : []);
  conversation = { ...kept, messages: kept.messages.map((message) => own.get(message.id) ?? message) };
  stayAtEnd(showAll);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text || running) return;
  input.value = "";
  send(text);
});
input.addEventListener("keydown", (event) => {
  // `isComposing`: Enter then only accepts an input method's proposal.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
find("#stop").addEventListener("click", () => void stop());
find("#new").addEventListener("click", () => void startOver(conversation.guestToken));
find("#open-dossier").addEventListener("click", () => void openDossier(conversation));
for (const idea of document.querySelectorAll("#ideas button")) {
  idea.addEventListener("click", () => send(idea.textContent));
}
// Otherwise the browser breaks the connection, which would be shown as a fault.
addEventListener("pagehide", () => {
  save(conversation);
  leave();
});
addEventListener("pageshow", ({ persisted }) => persisted && showAll());

showAll();
scrollToEnd();
input.focus();
