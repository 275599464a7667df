// A conversation with POST /functions/v1/chat: sends what is typed, shows each piece of the answer
// as it comes, and keeps the conversation in this browser so that a reload goes on with it.

const ENDPOINT = "/functions/v1/chat";
const STORAGE_KEY = "fabula.conversation";

/**
 * @typedef {{title: string, detail?: string, code?: string, status?: number, requestId?: string,
 *   faults?: {path: string, message: string}[]}} Problem
 * @typedef {{role: "user" | "assistant", text: string, state: "writing" | "done" | "stopped" |
 *   "failed", problem?: Problem, facts?: Record<string, string | number>}} Message
 * @typedef {{guestToken?: string, sessionId?: string, projectId?: string, title?: string,
 *   messages: Message[]}} Conversation
 */

const find = (selector, within = document) => within.querySelector(selector);
const [form, input, list] = ["#form", "#text", "#messages"].map((it) => find(it));
/** @type {Conversation} */
let conversation = load();
/** @type {AbortController | undefined} */
let running;

/** The data of each server-sent event, in order (WHATWG HTML, section 9.2.6). */
async function* eventData(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader(); // Safari has no `for await`.
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      // Each event of this endpoint is one `data:` line; `id:` lines and comments say nothing here.
      if (line.startsWith("data:")) yield line.slice(5).trimStart();
    }
  }
}

async function send(text) {
  conversation.messages.push({ role: "user", text, state: "done" });
  const reply = { role: "assistant", text: "", state: "writing" };
  conversation.messages.push(reply);
  list.append(...conversation.messages.slice(-2).map(createArticle));
  const { signal } = (running = new AbortController());
  showRunning();
  scrollToEnd();
  const sentAt_ms = performance.now();
  try {
    await receive(reply, text, sentAt_ms, signal);
    reply.state = "done";
  } catch (error) {
    reply.state = signal.aborted ? "stopped" : "failed";
    if (reply.state === "failed") reply.problem = problemOf(error);
  }
  reply.facts = { ...reply.facts, total_ms: Math.round(performance.now() - sentAt_ms) };
  running = undefined;
  save();
  stayAtEnd(() => showMessage(reply));
  showRunning();
  find("#status").textContent = reply.state === "done" ? "The answer is complete." : "";
  input.focus();
}

/** Resolves when the answer is complete; throws a Problem, or what fetch throws. */
async function receive(reply, text, sentAt_ms, signal) {
  const { guestToken, sessionId, projectId } = conversation;
  const response = await fetch(ENDPOINT, {
    method: "POST",
    signal,
    headers: {
      "Content-Type": "application/json",
      Accept: "text/event-stream",
      ...(guestToken && { Authorization: `Bearer ${guestToken}` }),
    },
    body: JSON.stringify({ text, session_id: sessionId, project_id: projectId }),
  });
  // Before any token: a stream that is stopped at once can still be gone on with.
  remember({
    session_id: response.headers.get("x-session-id"),
    project_id: response.headers.get("x-project-id"),
    guest_token: response.headers.get("x-guest-token"),
  });
  reply.facts = { stream_id: response.headers.get("x-stream-id") ?? "" };
  const requestId = response.headers.get("x-request-id") ?? undefined;
  if (!response.ok) throw await problemOfResponse(response, requestId);

  for await (const data of eventData(response.body)) {
    const event = JSON.parse(data);
    if (event.type === "text") {
      reply.facts.first_token_ms ??= Math.round(performance.now() - sentAt_ms);
      reply.text += event.content;
      stayAtEnd(() => showText(reply));
    } else if (event.type === "metadata") {
      remember(event.metadata);
      const { model, provider, message_id, user_message_id, tokens } = event.metadata;
      const used = { tokens_in: tokens?.in, tokens_out: tokens?.out };
      Object.assign(reply.facts, { model, provider, message_id, user_message_id, ...used });
    } else if (event.type === "error") {
      const { code, message } = event.error;
      throw { title: "The answer broke off", detail: message, code, requestId };
    } else if (event.type === "done") {
      return;
    }
  }
  const detail = "The connection ended before the answer did.";
  throw { title: "The answer broke off", detail, requestId };
}

async function problemOfResponse(response, requestId) {
  const { status, statusText } = response;
  const body = await response.json().catch(() => ({}));
  const { title = statusText, detail, code, errors: faults } = body;
  return { title, detail, code, status, faults, requestId };
}

function problemOf(error) {
  if (!(error instanceof Error)) return error;
  if (error instanceof SyntaxError) return { title: "Unreadable answer", detail: error.message };
  // What fetch throws when there is no connection says nothing useful.
  return { title: "No connection", detail: "The connection broke. Does ./scripts/dev still run?" };
}

function load() {
  try {
    const stored = JSON.parse(localStorage.getItem(STORAGE_KEY));
    for (const message of stored.messages) {
      if (message.state === "writing") message.state = "stopped"; // The page was left meanwhile.
    }
    return stored;
  } catch {
    return { messages: [] };
  }
}

function save() {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(conversation));
  } catch {
    // Storage is full or forbidden: the conversation goes on, only a reload will not show it.
  }
}

function remember({ session_id, project_id, guest_token, title }) {
  conversation.sessionId = session_id ?? conversation.sessionId;
  conversation.projectId = project_id ?? conversation.projectId;
  conversation.guestToken = guest_token ?? conversation.guestToken;
  conversation.title = title ?? conversation.title;
  save();
  showConversation();
}

/** A new conversation, of the same guest if a token is given. */
function startOver(guestToken) {
  running?.abort();
  conversation = { messages: [], ...(guestToken && { guestToken }) };
  save();
  showAll();
  input.focus();
}

const articles = new WeakMap();

function createArticle(message) {
  const article = find("#message").content.firstElementChild.cloneNode(true);
  articles.set(message, article);
  article.classList.add(message.role);
  find("h3", article).textContent = { user: "You", assistant: "Fabula" }[message.role];
  find(".again", article).addEventListener("click", () => tryAgain(message));
  find(".forget", article).addEventListener("click", () => startOver());
  showMessage(message);
  return article;
}

function showText(message) {
  find(".text", articles.get(message)).textContent = message.text;
}

function showMessage(message) {
  const article = articles.get(message);
  article.setAttribute("aria-busy", String(message.state === "writing"));
  showText(message);
  const note = find(".note", article);
  note.hidden = message.state !== "stopped";
  note.textContent = "Stopped here.";
  showProblem(article, message.problem);
  if (message.state !== "writing") showFacts(find(".facts", article), message.facts);
}

function showProblem(article, problem) {
  find(".problem", article).hidden = !problem;
  if (!problem) return;
  const { title, detail = "", faults = [], code, status, requestId } = problem;
  const lines = [detail, ...faults.map(({ path, message }) => `${path}: ${message}`)];
  find(".problem-title", article).textContent = title;
  find(".problem-detail", article).textContent = lines.filter(Boolean).join("\n");
  const codes = [status, code, requestId && `request ${requestId}`];
  find(".problem-code", article).textContent = codes.filter(Boolean).join(" · ");
  // A guest that this database does not know (any more): only a new one helps.
  find(".forget", article).hidden = !(status === 401 && conversation.guestToken);
}

function showFacts(details, facts) {
  const known = Object.entries(facts ?? {}).filter(([, value]) => value != null && value !== "");
  details.hidden = known.length === 0;
  const { model, tokens_out, total_ms = 0 } = Object.fromEntries(known);
  const summary = [
    model,
    tokens_out && `${tokens_out} tokens`,
    `${(total_ms / 1000).toFixed(1)} s`,
  ];
  find("summary", details).textContent = summary.filter(Boolean).join(" · ");
  showList(find("dl", details), known);
}

function showList(dl, entries) {
  dl.replaceChildren();
  for (const [name, value] of entries) {
    const [term, fact] = ["dt", "dd"].map((tag) => document.createElement(tag));
    term.textContent = name;
    fact.textContent = value;
    dl.append(term, fact);
  }
}

function showConversation() {
  const { title = "", sessionId, projectId } = conversation;
  find("#title").textContent = title;
  document.title = title ? `${title} - Fabula` : "Fabula";
  find("#ids").hidden = !sessionId;
  showList(find("#ids dl"), [
    ["session_id", sessionId],
    ["project_id", projectId],
  ]);
}

function showRunning() {
  find("#welcome").hidden = conversation.messages.length > 0;
  find("#send").hidden = Boolean(running);
  find("#stop").hidden = !running;
  if (running) find("#status").textContent = "Fabula is writing.";
}

function showAll() {
  list.replaceChildren(...conversation.messages.map(createArticle));
  showConversation();
  showRunning();
}

/** Whoever reads the end goes on seeing it; whoever has scrolled back is left there. */
function stayAtEnd(change) {
  const isAtEnd = innerHeight + scrollY >= document.body.scrollHeight - 80;
  change();
  if (isAtEnd) scrollToEnd();
}

function scrollToEnd() {
  scrollTo({ top: document.body.scrollHeight });
}

function tryAgain(reply) {
  if (running) return;
  const question = conversation.messages[conversation.messages.indexOf(reply) - 1];
  // What was not answered at all goes; what was begun stays, the story may go on from it.
  if (reply.text === "") {
    for (const message of [question, reply]) articles.get(message).remove();
    conversation.messages.splice(conversation.messages.indexOf(question), 2);
  }
  void send(question.text);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text || running) return;
  input.value = "";
  void send(text);
});
input.addEventListener("keydown", (event) => {
  // `isComposing`: Enter then only accepts what an input method proposes.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
find("#stop").addEventListener("click", () => running?.abort());
find("#new").addEventListener("click", () => startOver(conversation.guestToken));
for (const idea of document.querySelectorAll("#ideas button")) {
  idea.addEventListener("click", () => void send(idea.textContent));
}
// Else the browser breaks the connection, which would be told as a fault.
addEventListener("pagehide", () => running?.abort());
addEventListener("pagehide", save);

showAll();
scrollToEnd();
input.focus();
